// The answers that the gateway makes by itself, read by the real clients: refusals, streams that end
// in an error, configured answers. Their exact bytes are tests/golden/outage/*.http, which the unit
// tests compare with what the program makes; here a plain server replays them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const TEXT = 'Sorry, "we" are\nbriefly down \u{1F6E0}';

function golden(name) {
  const bytes = readFileSync(new URL(`../../golden/outage/${name}.http`, import.meta.url), 'utf8');
  const end = bytes.indexOf('\n\n');
  const [status, ...fields] = bytes.slice(0, end).split('\n');
  const headers = Object.fromEntries(fields.map((f) => f.split(/: (.*)/s).slice(0, 2)));
  return { status: Number(status), headers, body: bytes.slice(end + 2) };
}

let server;
let url;
let answer;
let requests = 0;

before(async () => {
  server = createServer((request, response) => {
    requests += 1;
    request.resume().on('end', () => {
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

function replay(name) {
  answer = golden(name);
  requests = 0;
}

const anthropic = () => new Anthropic({ baseURL: url, apiKey: 'k' });
const openai = () => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k' });
const gemini = (retryOptions) =>
  new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: url, retryOptions } });

const MESSAGES = [{ role: 'user', content: 'hi' }];
const ask = {
  messages: (extra) =>
    anthropic().messages.create({ model: 'm', max_tokens: 9, messages: MESSAGES, ...extra }),
  chat: (extra) => openai().chat.completions.create({ model: 'm', messages: MESSAGES, ...extra }),
  responses: (extra) => openai().responses.create({ model: 'm', input: 'hi', ...extra }),
  completions: (extra) => openai().completions.create({ model: 'm', prompt: 'hi', ...extra }),
};

async function all(stream) {
  const items = [];
  for await (const item of await stream) items.push(item);
  return items;
}

test('a refusal is raised once, with its code, by the Anthropic client', async () => {
  replay('refused_anthropic');
  const error = await ask.messages().then(assert.fail, (e) => e);
  assert.ok(error instanceof Anthropic.APIError);
  assert.equal(error.status, 402);
  assert.equal(error.type, 'billing_error');
  assert.equal(error.error.error.pitot.budget, 'daily');
  assert.match(error.message, /Budget \\?"daily\\?" is used up/);
  assert.equal(error.requestID, '0af7651916cd43dd8448eb211c80319c');
  assert.equal(requests, 1, 'x-should-retry: false is obeyed');
});

test('a refusal is raised once, with its code, by the OpenAI client', async () => {
  replay('refused_openai');
  const error = await ask.chat().then(assert.fail, (e) => e);
  assert.ok(error instanceof OpenAI.APIError);
  assert.equal(error.status, 402);
  assert.equal(error.code, 'budget_exceeded');
  assert.equal(error.type, 'insufficient_quota');
  assert.equal(error.error.pitot.limit_usd, 50);
  assert.match(error.message, /^402 Budget "daily" is used up/);
  assert.equal(error.requestID, '0af7651916cd43dd8448eb211c80319c');
  assert.equal(requests, 1, 'x-should-retry: false is obeyed');
});

test('a refusal is raised once, with its code, by the Gemini client', async () => {
  replay('refused_gemini');
  const client = gemini({ attempts: 3, initialDelay: 0.001 });
  const error = await client.models
    .generateContent({ model: 'm', contents: 'hi' })
    .then(assert.fail, (e) => e);
  assert.equal(error.name, 'ApiError');
  assert.equal(error.status, 402);
  assert.equal(JSON.parse(error.message).error.pitot.code, 'budget_exceeded');
  assert.equal(requests, 1, '402 is none of the statuses it retries');
});

test('an error inside a stream is raised by each client', async () => {
  for (const api of ['messages', 'chat', 'responses', 'completions']) {
    replay(`cut_${api}_stream`);
    const error = await all(ask[api]({ stream: true })).then(assert.fail, (e) => e);
    const inner = api === 'messages' ? error.error.error : error.error;
    assert.equal(inner?.pitot?.code, 'budget_exceeded', `${api}: ${error.stack}`);
    assert.match(error.message, /daily/, api);
  }
  replay('cut_generate_content_stream');
  const error = await all(
    gemini().models.generateContentStream({ model: 'm', contents: 'hi' }),
  ).then(assert.fail, (e) => e);
  assert.equal(error.name, 'ApiError');
  assert.equal(error.status, 402);
});

test('a configured answer is an answer', async () => {
  replay('degraded_messages');
  const message = await ask.messages();
  assert.equal(message.content[0].text, TEXT);
  assert.equal(message.stop_reason, 'end_turn');
  replay('degraded_chat');
  const chat = await ask.chat();
  assert.equal(chat.choices[0].message.content, TEXT);
  assert.equal(chat.usage.total_tokens, 0);
  replay('degraded_responses');
  const response = await ask.responses();
  assert.equal(response.output_text, TEXT);
  assert.equal(response.status, 'completed');
  replay('degraded_completions');
  assert.equal((await ask.completions()).choices[0].text, TEXT);
  replay('degraded_generate_content');
  const content = await gemini().models.generateContent({ model: 'm', contents: 'hi' });
  assert.equal(content.text, TEXT);
});

test('a configured answer is a stream that the clients assemble', async () => {
  replay('degraded_messages_stream');
  const message = await anthropic()
    .messages.stream({ model: 'm', max_tokens: 9, messages: MESSAGES })
    .finalMessage();
  assert.equal(message.content[0].text, TEXT);
  assert.equal(message.stop_reason, 'end_turn');

  for (const name of ['degraded_chat_stream', 'degraded_chat_stream_usage']) {
    replay(name);
    const chat = await openai()
      .chat.completions.stream({ model: 'm', messages: MESSAGES })
      .finalChatCompletion();
    assert.equal(chat.choices[0].message.content, TEXT, name);
    assert.equal(chat.choices[0].finish_reason, 'stop', name);
    assert.equal(chat.usage?.total_tokens, name.endsWith('usage') ? 0 : undefined, name);
  }

  replay('degraded_responses_stream');
  const response = await openai().responses.stream({ model: 'm', input: 'hi' }).finalResponse();
  assert.equal(response.output_text, TEXT);
  assert.equal(response.status, 'completed');
  replay('degraded_responses_stream');
  const events = await all(ask.responses({ stream: true }));
  assert.deepEqual(
    events.map((e) => e.sequence_number),
    events.map((_, i) => i),
  );

  replay('degraded_completions_stream');
  const pieces = await all(ask.completions({ stream: true }));
  assert.equal(pieces.map((p) => p.choices[0].text).join(''), TEXT);

  replay('degraded_generate_content_stream');
  const chunks = await all(gemini().models.generateContentStream({ model: 'm', contents: 'hi' }));
  assert.equal(chunks.map((c) => c.text).join(''), TEXT);
  assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
});
