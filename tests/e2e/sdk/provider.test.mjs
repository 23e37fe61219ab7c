// The providers' own clients take what the scripted provider sends for what their provider would send.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { as, startProvider } from './scripted_provider.mjs';

const WORDS = 'Rain until noon \u2014 say "\u00e0 midi" \u{1F327}.\nTake a coat.';
const CITY = { city: 'Paris', days: [1, 2] };
const QUESTION = [{ role: 'user', content: 'Will it rain in Paris?' }];
const CLAUDE = { model: 'claude-sonnet-5', max_tokens: 1024, messages: QUESTION };
const CHAT = { model: 'gpt-5-mini', messages: QUESTION };
const RESPONSES = { model: 'gpt-5-mini', input: 'Will it rain in Paris?' };

let provider;
let anthropic;
let openai;

before(async () => {
  provider = await startProvider();
  anthropic = new Anthropic({ baseURL: provider.url, apiKey: 'k', maxRetries: 0 });
  openai = new OpenAI({ baseURL: `${provider.url}/v1`, apiKey: 'k', maxRetries: 0 });
});
after(() => provider.stop());

// What a call that fails throws.
async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail('it did not fail');
}

async function collect(stream) {
  const all = [];
  for await (const one of await stream) all.push(one);
  return all;
}

describe('@anthropic-ai/sdk: messages', () => {
  // The message of a case, whole and as put together from its stream.
  async function both(name) {
    const whole = await anthropic.messages.create(CLAUDE, as(name));
    const streamed = await anthropic.messages
      .stream(CLAUDE, as(`${name}_stream`))
      .finalMessage();
    return [whole, streamed];
  }

  test('text', async () => {
    for (const message of await both('messages_text')) {
      assert.deepEqual(message.content, [{ type: 'text', text: WORDS }]);
      assert.equal(message.stop_reason, 'end_turn');
      assert.equal(message.role, 'assistant');
      assert.equal(message.model, CLAUDE.model);
    }
  });

  test('thinking, text and two tool calls', async () => {
    for (const message of await both('messages_tools')) {
      const [thinking, text, first, second] = message.content;
      assert.equal(thinking.thinking, 'Weather and trains: two look-ups.');
      assert.match(thinking.signature, /^Eq.+==$/);
      assert.equal(text.text, 'Let me look.');
      assert.deepEqual([first.name, first.input], ['get_weather', CITY]);
      assert.deepEqual([second.name, second.input], ['list_trains', {}]);
      assert.match(first.id, /^toolu_01\w{22}$/);
      assert.equal(message.stop_reason, 'tool_use');
    }
  });

  test('the whole answer and the stream put together are the same', async () => {
    for (const name of ['text', 'tools', 'usage', 'length', 'filtered', 'refusal']) {
      const [whole, streamed] = (await both(`messages_${name}`)).map((message) => {
        // Each answer has ids of its own.
        const { parsed_output: _parsed, id: _id, ...rest } = structuredClone(message);
        for (const block of rest.content) {
          delete block.id;
          delete block.signature;
        }
        return rest;
      });
      assert.deepEqual(streamed, whole, name);
    }
  });

  test('usage', async () => {
    for (const { usage } of await both('messages_usage')) {
      assert.equal(usage.input_tokens, 120);
      assert.equal(usage.cache_read_input_tokens, 18_000);
      assert.equal(usage.cache_creation_input_tokens, 500);
      assert.equal(usage.cache_creation.ephemeral_1h_input_tokens, 300);
      assert.equal(usage.output_tokens, 79);
      assert.equal(usage.output_tokens_details.thinking_tokens, 64);
      assert.equal(usage.service_tier, 'priority');
    }
  });

  test('why it stopped', async () => {
    for (const message of await both('messages_length')) {
      assert.equal(message.stop_reason, 'max_tokens');
    }
    for (const message of await both('messages_refusal')) {
      assert.equal(message.stop_reason, 'refusal');
      assert.equal(message.stop_details.explanation, 'I cannot help with that.');
    }
  });

  test('errors have their classes, words and ids', async () => {
    const expected = [
      [400, Anthropic.BadRequestError, 'invalid_request_error'],
      [401, Anthropic.AuthenticationError, 'authentication_error'],
      [403, Anthropic.PermissionDeniedError, 'permission_error'],
      [404, Anthropic.NotFoundError, 'not_found_error'],
      [413, Anthropic.APIError, 'request_too_large'],
      [429, Anthropic.RateLimitError, 'rate_limit_error'],
      [500, Anthropic.InternalServerError, 'api_error'],
      [503, Anthropic.APIError, 'api_error'],
      [529, Anthropic.APIError, 'overloaded_error'],
    ];
    for (const [status, kind, type] of expected) {
      const name = `messages_error_${status}`;
      const error = await failure(() => anthropic.messages.create(CLAUDE, as(name)));
      assert.ok(error instanceof kind, `${status}: ${error}`);
      assert.equal(error.status, status);
      assert.equal(error.type, type);
      assert.equal(error.requestID, error.error.request_id);
      const streamed = await failure(() =>
        anthropic.messages.create({ ...CLAUDE, stream: true }, as(name)),
      );
      assert.equal(streamed.type, type);
    }
    const limit = await failure(() =>
      anthropic.messages.create(CLAUDE, as('messages_error_spend_limit')),
    );
    assert.equal(limit.errorCode, 'enforced_spend_limit_reached');
    const page = await failure(() => anthropic.messages.create(CLAUDE, as('messages_error_page')));
    assert.equal(page.status, 502);
  });

  test('answers that break off', async () => {
    const broken = (name) =>
      failure(() => collect(anthropic.messages.create({ ...CLAUDE, stream: true }, as(name))));
    const error = await broken('messages_broken_error_stream');
    assert.equal(error.type, 'overloaded_error');
    for (const name of ['cut', 'cut_in_event']) {
      assert.match(String(await broken(`messages_broken_${name}_stream`)), /terminated|closed/);
    }
    const early = await failure(() =>
      anthropic.messages.stream(CLAUDE, as('messages_broken_ends_early_stream')).finalMessage(),
    );
    assert.match(early.message, /stream ended/);
    for (const name of ['hang_up', 'garbage']) {
      const call = () => anthropic.messages.create(CLAUDE, as(`messages_${name}`));
      assert.ok((await failure(call)) instanceof Anthropic.APIConnectionError, name);
    }
  });

  test('a tool turn without a script', async () => {
    const tool = {
      name: 'get_weather',
      input_schema: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
      },
    };
    const asked = { ...CLAUDE, tools: [tool] };
    const first = await anthropic.messages.stream(asked).finalMessage();
    const [call] = first.content;
    assert.deepEqual(call.input, { city: 'Paris' });
    const second = await anthropic.messages.create({
      ...asked,
      messages: [
        ...QUESTION,
        { role: 'assistant', content: first.content },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: call.id, content: 'rain, 18 C' }],
        },
      ],
    });
    assert.equal(second.content[0].text, 'By get_weather: rain, 18 C');
  });
});

describe('openai: chat completions', () => {
  async function both(name) {
    const whole = await openai.chat.completions.create(CHAT, as(name));
    const streamed = await openai.chat.completions
      .stream({ ...CHAT, stream_options: { include_usage: true } }, as(`${name}_stream`))
      .finalChatCompletion();
    return [whole, streamed];
  }

  test('text', async () => {
    for (const { choices, object, model } of await both('chat_text')) {
      assert.equal(choices[0].message.content, WORDS);
      assert.equal(choices[0].finish_reason, 'stop');
      assert.equal(object, 'chat.completion');
      assert.equal(model, CHAT.model);
    }
  });

  test('text and two tool calls', async () => {
    for (const { choices } of await both('chat_tools')) {
      const { message } = choices[0];
      assert.equal(message.content, 'Let me look.');
      const [first, second] = message.tool_calls;
      assert.equal(first.function.name, 'get_weather');
      assert.deepEqual(JSON.parse(first.function.arguments), CITY);
      assert.match(first.id, /^call_\w{24}$/);
      assert.equal(second.function.arguments, '{}');
      assert.equal(choices[0].finish_reason, 'tool_calls');
    }
  });

  test('usage', async () => {
    for (const { usage, service_tier } of await both('chat_usage')) {
      assert.equal(usage.prompt_tokens, 18_620);
      assert.equal(usage.prompt_tokens_details.cached_tokens, 18_000);
      assert.equal(usage.prompt_tokens_details.cache_write_tokens, 500);
      assert.equal(usage.completion_tokens, 79);
      assert.equal(usage.completion_tokens_details.reasoning_tokens, 64);
      assert.equal(usage.total_tokens, 18_699);
      assert.equal(service_tier, 'priority');
    }
  });

  test('why it stopped', async () => {
    // The helper for streams throws at these: see what came instead.
    const finish = async (name) => {
      const { choices } = await openai.chat.completions.create(CHAT, as(name));
      const chunks = await collect(
        openai.chat.completions.create({ ...CHAT, stream: true }, as(`${name}_stream`)),
      );
      const reasons = chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean);
      assert.deepEqual(reasons, [choices[0].finish_reason]);
      return reasons[0];
    };
    assert.equal(await finish('chat_length'), 'length');
    assert.equal(await finish('chat_filtered'), 'content_filter');
    for (const { choices } of await both('chat_refusal')) {
      assert.equal(choices[0].message.refusal, 'I cannot help with that.');
      assert.equal(choices[0].message.content, null);
    }
  });

  test('usage comes only to those who ask', async () => {
    const chunks = await collect(
      openai.chat.completions.create({ ...CHAT, stream: true }, as('chat_no_usage_stream')),
    );
    assert.ok(chunks.every((chunk) => !('usage' in chunk)));
    const asked = { ...CHAT, stream: true, stream_options: { include_usage: true } };
    const counted = await collect(openai.chat.completions.create(asked, as('chat_text_stream')));
    const last = counted.at(-1);
    assert.deepEqual(last.choices, []);
    assert.ok(last.usage.total_tokens > 0);
    assert.ok(counted.slice(0, -1).every((chunk) => chunk.usage === null));
  });

  test('several choices', async () => {
    for (const { choices } of await Promise.all([
      openai.chat.completions.create({ ...CHAT, n: 2 }, as('chat_choices')),
      openai.chat.completions.stream({ ...CHAT, n: 2 }, as('chat_choices')).finalChatCompletion(),
    ])) {
      assert.equal(choices.length, 2);
      for (const { message } of choices) assert.equal(message.content, 'Rain until noon.');
    }
  });

  test('errors have their classes and words', async () => {
    const expected = [
      [400, OpenAI.BadRequestError, 'invalid_request_error', null],
      [401, OpenAI.AuthenticationError, 'invalid_request_error', 'invalid_api_key'],
      [403, OpenAI.PermissionDeniedError, 'invalid_request_error', 'model_not_found'],
      [404, OpenAI.NotFoundError, 'invalid_request_error', 'model_not_found'],
      [413, OpenAI.APIError, 'invalid_request_error', null],
      [429, OpenAI.RateLimitError, 'tokens', 'rate_limit_exceeded'],
      [500, OpenAI.InternalServerError, 'server_error', null],
      [503, OpenAI.InternalServerError, 'server_error', null],
    ];
    for (const [status, kind, type, code] of expected) {
      const error = await failure(() =>
        openai.chat.completions.create(CHAT, as(`chat_error_${status}`)),
      );
      assert.ok(error instanceof kind, `${status}: ${error}`);
      assert.deepEqual([error.status, error.type, error.code], [status, type, code]);
      assert.match(error.requestID, /^req_/);
    }
    const quota = await failure(() =>
      openai.chat.completions.create(CHAT, as('chat_error_quota')),
    );
    assert.equal(quota.code, 'insufficient_quota');
  });

  test('answers that break off', async () => {
    const broken = (name) =>
      failure(() => collect(openai.chat.completions.create({ ...CHAT, stream: true }, as(name))));
    assert.equal((await broken('chat_broken_error_stream')).type, 'server_error');
    for (const name of ['cut', 'cut_in_event']) {
      assert.match(String(await broken(`chat_broken_${name}_stream`)), /terminated|closed/);
    }
    const call = () => openai.chat.completions.create(CHAT, as('chat_hang_up'));
    assert.ok((await failure(call)) instanceof OpenAI.APIConnectionError);
  });

  test('a retry as soon as the provider allows', async () => {
    let tries = 0;
    const patient = new OpenAI({
      baseURL: `${provider.url}/v1`,
      apiKey: 'k',
      maxRetries: 1,
      fetch: (...args) => {
        ++tries;
        return fetch(...args);
      },
    });
    const retried = await failure(() =>
      patient.chat.completions.create(CHAT, as('chat_error_retry_after')),
    );
    assert.equal(retried.status, 429);
    assert.equal(retried.headers.get('retry-after-ms'), '20');
    assert.equal(tries, 2);
  });
});

describe('openai: responses', () => {
  async function both(name) {
    const whole = await openai.responses.create(RESPONSES, as(name));
    const streamed = await openai.responses
      .stream(RESPONSES, as(`${name}_stream`))
      .finalResponse();
    return [whole, streamed];
  }

  test('text', async () => {
    for (const response of await both('responses_text')) {
      assert.equal(response.output_text, WORDS);
      assert.equal(response.status, 'completed');
      assert.equal(response.object, 'response');
    }
  });

  test('reasoning, text and two function calls', async () => {
    for (const { output } of await both('responses_tools')) {
      const [reasoning, message, first, second] = output;
      assert.equal(reasoning.summary[0].text, 'Weather and trains: two look-ups.');
      assert.equal(message.content[0].text, 'Let me look.');
      assert.equal(first.name, 'get_weather');
      assert.deepEqual(JSON.parse(first.arguments), CITY);
      assert.equal(second.arguments, '{}');
    }
  });

  test('usage', async () => {
    for (const { usage } of await both('responses_usage')) {
      assert.deepEqual(usage, {
        input_tokens: 18_620,
        input_tokens_details: { cached_tokens: 18_000, cache_write_tokens: 500 },
        output_tokens: 79,
        output_tokens_details: { reasoning_tokens: 64 },
        total_tokens: 18_699,
      });
    }
  });

  test('why it stopped', async () => {
    for (const response of await both('responses_length')) {
      assert.equal(response.status, 'incomplete');
      assert.equal(response.incomplete_details.reason, 'max_output_tokens');
    }
    for (const response of await both('responses_filtered')) {
      assert.equal(response.incomplete_details.reason, 'content_filter');
    }
    for (const { output } of await both('responses_refusal')) {
      assert.equal(output[0].content[0].refusal, 'I cannot help with that.');
    }
  });

  test('every event has its number', async () => {
    for (const name of ['text', 'tools', 'refusal']) {
      const events = await collect(
        openai.responses.create({ ...RESPONSES, stream: true }, as(`responses_${name}_stream`)),
      );
      assert.deepEqual(
        events.map((event) => event.sequence_number),
        events.map((_, i) => i),
      );
      assert.equal(events[0].type, 'response.created');
      assert.equal(events.at(-1).type, 'response.completed');
    }
  });

  test('answers that break off', async () => {
    const stream = (name) =>
      collect(openai.responses.create({ ...RESPONSES, stream: true }, as(name)));
    const error = (await stream('responses_broken_error_stream')).at(-1);
    assert.deepEqual([error.type, error.code], ['error', 'server_error']);
    const failed = (await stream('responses_broken_failed_stream')).at(-1);
    assert.equal(failed.type, 'response.failed');
    assert.equal(failed.response.error.code, 'server_error');
    const cut = await failure(() => stream('responses_broken_cut_in_event_stream'));
    assert.match(String(cut), /terminated|closed/);
    const over = await failure(() =>
      openai.responses.create(RESPONSES, as('responses_error_503')),
    );
    assert.equal(over.status, 503);
  });
});

describe('openai: embeddings', () => {
  test('numbers, and their base64', async () => {
    const asked = { model: 'text-embedding-3-small', dimensions: 6, input: ['rain', 'sun'] };
    const plain = await openai.embeddings.create({ ...asked, encoding_format: 'float' });
    const packed = await openai.embeddings.create(asked); // The client asks for base64 itself.
    assert.equal(plain.data.length, 2);
    for (const [i, { embedding, index }] of packed.data.entries()) {
      assert.equal(index, i);
      assert.equal(embedding.length, 6);
      const square = embedding.reduce((sum, value) => sum + value * value, 0);
      assert.ok(Math.abs(square - 1) < 1e-6);
      for (const [k, value] of embedding.entries()) {
        assert.ok(Math.abs(value - plain.data[i].embedding[k]) < 1e-7);
      }
    }
    assert.equal(packed.usage.prompt_tokens, packed.usage.total_tokens);
  });
});

test('what the providers would refuse is refused', async () => {
  const none = await failure(() => anthropic.messages.create({ model: 'm', messages: QUESTION }));
  assert.match(none.message, /max_tokens: Field required/);
  const path = await failure(() => openai.get('/nothing'));
  assert.equal(path.status, 404);
  const model = await failure(() => openai.chat.completions.create({ messages: QUESTION }));
  assert.equal(model.param, 'model');
});

test('by TLS, for those who trust its certificate', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pitot-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const certificate = join(folder, 'ca.pem');
  const secure = await startProvider({ tls: certificate });
  t.after(() => secure.stop());
  const status = (options) =>
    new Promise((resolve, reject) => {
      request(`${secure.url}/v1/nothing`, options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  assert.equal(await status({ ca: await readFile(certificate) }), 401);
  await assert.rejects(status({}), /self-signed/);
});
