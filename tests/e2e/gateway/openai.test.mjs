// `openai` sees through the gateway what it sees directly: chat completions, responses, embeddings,
// and paths the gateway does not know.

import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import { toFile } from 'openai';
import {
  DONE,
  EMBEDDING,
  GPT,
  OPENAI_HEADERS as OK,
  chat,
  chatEvents,
  chatTools,
  embeddings,
  functionCall,
  openAiError,
  openAiErrorFrame,
  outputText,
  response,
  responseEvents,
} from './answers.mjs';
import { sameEitherWay } from './same.mjs';
import { HANG, RESET, cutAt, head, json, sse, whole } from './upstream.mjs';
import { collect } from './ways.mjs';

globalThis.File ??= File; // Node 18 has it, but not there.

const MESSAGES = [
  { role: 'developer', content: 'Be terse.' },
  { role: 'user', content: 'Where is order 48213? \u{1F426}' },
];
const ASK = { model: GPT, messages: MESSAGES };
const RESPOND = { model: GPT, input: 'Where is order 48213?', store: false };
const PARAMETERS = {
  type: 'object',
  properties: { id: { type: 'string' } },
  required: ['id'],
  additionalProperties: false,
};
const SAID = chat('It left Hamburg on Monday \u2014 expect it tomorrow. \u{1F69A}');
const CALLED = chatTools(
  ['call_a1', 'find_order', { id: '48213' }],
  ['call_b2', 'find_order', { id: '48214' }],
);

// As the provider does: usage comes to those who ask for it.
const streamed = (answer) => (request) =>
  sse(chatEvents(answer, request.json().stream_options?.include_usage === true), OK);

// We ask for usage where the client did not, take the event with it out again, and leave
// "usage":null on the others.
const withoutNullUsage = (seen) =>
  JSON.parse(
    JSON.stringify(seen, (key, value) => (key === 'usage' && value === null ? undefined : value)),
  );
const withoutOurQuestion = ({ body, ...request }) => {
  const { stream_options, ...asked } = JSON.parse(body);
  return { ...request, asked };
};
const usageInjected = { alike: withoutNullUsage, alikeRequest: withoutOurQuestion };

const fails = (status, code, type, sdkClass, headers = {}) => ({
  name: `error ${status} ${code ?? type} is the provider's own`,
  answer: json(status, openAiError(type, code, `about ${code}`, 'model'), { ...OK, ...headers }),
  run: ({ openai }) => openai.chat.completions.create(ASK),
  check: ({ error }) => {
    assert.equal(error.class, sdkClass);
    assert.equal(error.status, status);
    assert.equal(error.code, code);
    assert.equal(error.requestID, OK['x-request-id']);
  },
});

sameEitherWay('openai: chat completions', [
  {
    name: 'a completion with its headers',
    answer: json(200, SAID, OK),
    run: async ({ openai }) => {
      const { data, request_id } = await openai.chat.completions.create(ASK).withResponse();
      return { data, request_id };
    },
    check: ({ result }) => {
      assert.deepEqual(result.data.usage, SAID.usage);
      assert.equal(result.request_id, OK['x-request-id']);
    },
  },
  {
    name: 'a stream whose client did not ask for usage gets none',
    answer: streamed(SAID),
    run: async ({ openai }) =>
      collect(await openai.chat.completions.create({ ...ASK, stream: true })),
    check: ({ result }) => {
      assert.equal(
        result.map(({ choices }) => choices[0].delta.content).join(''),
        SAID.choices[0].message.content,
      );
      assert.ok(result.every(({ usage }) => !usage));
    },
    ...usageInjected,
  },
  {
    name: 'a stream whose client refused usage gets none',
    answer: streamed(SAID),
    run: async ({ openai }) =>
      collect(
        await openai.chat.completions.create({
          ...ASK,
          stream: true,
          stream_options: { include_usage: false, include_obfuscation: false },
        }),
      ),
    check: ({ result }) => assert.ok(result.every(({ usage }) => !usage)),
    ...usageInjected,
  },
  {
    name: 'a stream whose client asked for usage gets it as it came',
    answer: streamed(SAID),
    run: async ({ openai }) =>
      collect(
        await openai.chat.completions.create({
          ...ASK,
          stream: true,
          stream_options: { include_usage: true },
        }),
      ),
    check: ({ result }) => assert.deepEqual(result.at(-1).usage, SAID.usage),
  },
  {
    name: 'a stream of two tool calls',
    answer: streamed(CALLED),
    run: async ({ openai }) => {
      const stream = openai.chat.completions.stream(ASK);
      const deltas = [];
      stream.on('tool_calls.function.arguments.delta', (delta) => deltas.push(delta));
      return { message: await stream.finalMessage(), deltas };
    },
    check: ({ result }) => {
      assert.deepEqual(
        result.message.tool_calls.map((call) => call.function.arguments),
        ['{"id":"48213"}', '{"id":"48214"}'],
      );
    },
    ...usageInjected,
  },
  {
    name: 'runTools: calls, results, answer',
    answer: (request, n) => json(200, n === 0 ? CALLED : SAID, OK),
    run: async ({ openai }) => {
      const ran = [];
      const run = ({ id }) => {
        ran.push(id);
        return `${id} left Hamburg`;
      };
      const tool = {
        name: 'find_order',
        description: 'x',
        parameters: PARAMETERS,
        parse: JSON.parse,
      };
      const runner = openai.chat.completions.runTools({
        ...ASK,
        tools: [{ type: 'function', function: { ...tool, function: run } }],
      });
      return { content: await runner.finalContent(), ran, usage: await runner.totalUsage() };
    },
    asked: 2,
    check: ({ result }) => {
      assert.deepEqual(result.ran, ['48213', '48214']);
      assert.equal(result.content, SAID.choices[0].message.content);
    },
  },
  {
    name: 'a stream cut inside events and characters',
    answer: (request) => {
      const asked = request.json().stream_options?.include_usage === true;
      const body = Buffer.from(chatEvents(SAID, asked).join(''));
      const positions = [1, 5, 6, 400, 401, body.indexOf('\u2014') + 1, body.length - 3];
      const headers = { ...OK, 'Content-Type': 'text/event-stream' };
      const start = head(200, { ...headers, Connection: 'close', 'Content-Length': body.length });
      return [start, ...cutAt(body, ...positions.sort((a, b) => a - b))];
    },
    run: async ({ openai }) =>
      (await openai.chat.completions.stream(ASK).finalChatCompletion()).choices,
    check: ({ result }) => assert.equal(result[0].message.content, SAID.choices[0].message.content),
    // An event is taken out of the stream: its length is no longer what the provider said.
    alike: (seen) => ({
      ...seen,
      http: seen.http.map(({ status, headers }) => ({
        status,
        headers: headers.filter(([name]) => name !== 'content-length'),
      })),
    }),
    alikeRequest: withoutOurQuestion,
  },
  {
    name: 'an error frame inside a stream',
    answer: (request) => {
      const asked = request.json().stream_options?.include_usage === true;
      const events = chatEvents(SAID, asked).slice(0, 3);
      return sse(
        [...events, openAiErrorFrame('server_error', 'server_error', 'It broke.'), DONE],
        OK,
      );
    },
    run: async ({ openai }) =>
      collect(await openai.chat.completions.create({ ...ASK, stream: true })),
    check: ({ error, http }) => {
      assert.equal(http[0].status, 200);
      assert.match(error.message, /It broke/);
    },
    ...usageInjected,
  },
  {
    name: 'a connection that is reset in the middle of a stream',
    answer: [...sse(chatEvents(SAID).slice(0, 3), OK).slice(0, -1), RESET],
    run: async ({ openai }) =>
      collect(await openai.chat.completions.create({ ...ASK, stream: true })),
    check: ({ error }) => assert.match(error.message, /terminated|other side closed|aborted/),
    alike: ({ error, ...seen }) => ({ ...seen, failed: error.class }),
    alikeRequest: withoutOurQuestion,
  },
  {
    name: 'an abort in the middle of a stream',
    answer: [...sse(chatEvents(SAID).slice(0, 3), OK).slice(0, -1), HANG],
    run: async ({ openai }, request) => {
      const stream = await openai.chat.completions.create({ ...ASK, stream: true });
      for await (const { choices } of stream) if (choices[0].delta.content) break;
      await (
        await request()
      ).gone;
    },
    check: ({ error }) => assert.equal(error, undefined),
    alikeRequest: withoutOurQuestion,
  },
  {
    name: 'a client that waits no longer',
    answer: [HANG],
    run: async ({ openai }, request) => {
      const failed = await openai.chat.completions
        .create(ASK, { timeout: 300 })
        .catch((error) => error.constructor.name);
      await (
        await request()
      ).gone;
      return { failed };
    },
    check: ({ result }) => assert.equal(result.failed, 'APIConnectionTimeoutError'),
  },
  {
    name: 'retries of the client: 500, 429, then the answer',
    answer: (request, n) =>
      n < 2
        ? json([500, 429][n], openAiError('server_error', null, 'Again.'), {
            ...OK,
            'retry-after-ms': '1',
          })
        : json(200, SAID, OK),
    options: { retries: 2 },
    run: ({ openai }) => openai.chat.completions.create(ASK),
    asked: 3,
    check: ({ result }) => assert.equal(result.id, SAID.id),
  },
  fails(400, 'context_length_exceeded', 'invalid_request_error', 'BadRequestError'),
  fails(401, 'invalid_api_key', 'invalid_request_error', 'AuthenticationError'),
  fails(403, 'unsupported_country_region_territory', 'request_forbidden', 'PermissionDeniedError'),
  fails(404, 'model_not_found', 'invalid_request_error', 'NotFoundError'),
  fails(409, 'conflict', 'invalid_request_error', 'ConflictError'),
  fails(422, 'unprocessable', 'invalid_request_error', 'UnprocessableEntityError'),
  fails(429, 'insufficient_quota', 'insufficient_quota', 'RateLimitError', {
    'x-should-retry': 'false',
  }),
  fails(500, null, 'server_error', 'InternalServerError'),
]);

const ANSWERED = response([outputText('It left Hamburg on Monday \u2014 expect it tomorrow.')]);
const CALLING = response([functionCall('call_9x', 'find_order', { id: '48213' })]);

sameEitherWay('openai: responses, embeddings, other paths', [
  {
    name: 'a response',
    answer: json(200, ANSWERED, OK),
    run: ({ openai }) => openai.responses.create(RESPOND),
    check: ({ result }) => assert.equal(result.output_text, ANSWERED.output[0].content[0].text),
  },
  {
    name: 'a streamed response, event by event',
    answer: sse(responseEvents(ANSWERED), OK),
    run: async ({ openai }) => {
      const stream = openai.responses.stream(RESPOND);
      const events = await collect(stream);
      return { events, final: await stream.finalResponse() };
    },
    check: ({ result }) => assert.deepEqual(result.final.usage, ANSWERED.usage),
  },
  {
    name: 'a streamed function call, then the answer to its result',
    answer: (request, n) => sse(responseEvents(n === 0 ? CALLING : ANSWERED), OK),
    run: async ({ openai }) => {
      const tools = [
        { type: 'function', name: 'find_order', strict: true, parameters: PARAMETERS },
      ];
      const ask = (input) => openai.responses.stream({ ...RESPOND, input, tools }).finalResponse();
      const history = [{ role: 'user', content: RESPOND.input }];
      const first = await ask(history);
      const { call_id } = first.output[0];
      const output = { type: 'function_call_output', call_id, output: 'left Hamburg' };
      const second = await ask([...history, CALLING.output[0], output]);
      return { first: first.output, second: second.output_text };
    },
    asked: 2,
    check: ({ result }) => {
      assert.equal(result.first[0].arguments, '{"id":"48213"}');
      assert.equal(result.second, ANSWERED.output[0].content[0].text);
    },
  },
  {
    name: 'an incomplete response',
    answer: sse(
      responseEvents(
        { ...ANSWERED, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
        'response.incomplete',
      ),
      OK,
    ),
    run: async ({ openai }) => collect(await openai.responses.create({ ...RESPOND, stream: true })),
    check: ({ result }) => assert.equal(result.at(-1).type, 'response.incomplete'),
  },
  {
    name: 'retrieving, cancelling and deleting a response',
    answer: (request) => (request.method === 'DELETE' ? [head(204, OK)] : json(200, ANSWERED, OK)),
    run: async ({ openai }) => [
      await openai.responses.retrieve(ANSWERED.id),
      await openai.responses.cancel(ANSWERED.id),
      await openai.responses.delete(ANSWERED.id),
    ],
    asked: 3,
    check: ({ result }) => assert.equal(result[0].id, ANSWERED.id),
  },
  {
    name: 'embeddings',
    answer: (request) =>
      json(
        200,
        embeddings(
          [
            [0.25, -0.5, 1],
            [0, 2, 4],
          ],
          request.json().encoding_format,
        ),
        OK,
      ),
    run: ({ openai }) => openai.embeddings.create({ model: EMBEDDING, input: ['a', 'b'] }),
    check: ({ result }) => assert.deepEqual([...result.data[1].embedding], [0, 2, 4]),
  },
  {
    name: 'legacy completions',
    answer: json(
      200,
      {
        id: 'cmpl-1',
        object: 'text_completion',
        created: 1,
        model: 'gpt-3.5-turbo-instruct',
        choices: [{ text: ' there', index: 0, logprobs: null, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      },
      OK,
    ),
    run: ({ openai }) =>
      openai.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'hello' }),
    check: ({ result }) => assert.equal(result.choices[0].text, ' there'),
  },
  {
    name: 'a file is uploaded and its bytes come back',
    answer: (request) =>
      request.method === 'POST'
        ? json(200, { id: 'file-1', object: 'file', bytes: 4, purpose: 'user_data' }, OK)
        : whole(200, Buffer.from([0, 255, 10, 13]), {
            ...OK,
            'Content-Type': 'application/octet-stream',
          }),
    run: async ({ openai }) => {
      const file = await toFile(Buffer.from([0, 255, 10, 13]), 'a.bin');
      const made = await openai.files.create({ file, purpose: 'user_data' });
      const content = await openai.files.content(made.id);
      return { made, bytes: [...new Uint8Array(await content.arrayBuffer())] };
    },
    asked: 2,
    sent: false, // The boundary of the form is random.
    check: ({ result }, [request]) => {
      assert.deepEqual(result.bytes, [0, 255, 10, 13]);
      assert.ok(request.body.includes(Buffer.from([0, 255, 10, 13])));
    },
  },
  {
    name: 'speech: bytes of unknown length',
    answer: [
      head(200, { ...OK, 'Content-Type': 'audio/mpeg', 'Transfer-Encoding': 'chunked' }),
      ...cutAt(Buffer.from('3\r\n\xff\xf3\x00\r\n2\r\n\x01\x02\r\n0\r\n\r\n', 'latin1'), 7, 9),
    ],
    run: async ({ openai }) => {
      const speech = await openai.audio.speech.create({
        model: 'tts-1',
        voice: 'alloy',
        input: 'hi',
      });
      return [...new Uint8Array(await speech.arrayBuffer())];
    },
    check: ({ result }) => assert.deepEqual(result, [255, 243, 0, 1, 2]),
  },
  {
    name: 'models, page after page',
    answer: json(
      200,
      { object: 'list', data: [{ id: GPT, object: 'model', created: 1, owned_by: 'o' }] },
      OK,
    ),
    run: async ({ openai }) => collect(openai.models.list()),
    check: ({ result }) => assert.equal(result[0].id, GPT),
  },
]);
