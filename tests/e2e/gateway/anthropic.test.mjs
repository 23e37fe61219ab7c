// `@anthropic-ai/sdk` sees through the gateway what it sees directly.

import assert from 'node:assert/strict';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import {
  ANTHROPIC_HEADERS,
  CLAUDE,
  anthropicError,
  anthropicErrorEvent,
  anthropicUsage,
  message,
  messageEvents,
  text,
  toolUse,
} from './answers.mjs';
import { sameEitherWay } from './same.mjs';
import { HANG, RESET, cutAt, head, json, sse } from './upstream.mjs';
import { collect } from './ways.mjs';

const ASK = {
  model: CLAUDE,
  max_tokens: 1024,
  system: [
    { type: 'text', text: 'You are terse. \u{1F426}', cache_control: { type: 'ephemeral' } },
  ],
  messages: [{ role: 'user', content: 'Where is order 48213?' }],
};
const TOOL = {
  name: 'find_order',
  description: 'Finds an order.',
  inputSchema: {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
  },
};

const SAID = message(
  [text('It left Hamburg on Monday; expect it \u2014 say \u2014 tomorrow. \u{1F69A}')],
  {
    usage: anthropicUsage({ cache_read_input_tokens: 2048, output_tokens: 21 }),
  },
);
const CALLED = message(
  [
    { type: 'thinking', thinking: 'An order number: look it up.', signature: 'EqQBCgIYAhIM1g' },
    text('Let me look.'),
    toolUse('toolu_01T1x1fJ34qAmk2tNTrN7Up6', 'find_order', { id: '48213', note: 'a "b" \u00e4' }),
  ],
  { stop_reason: 'tool_use', usage: anthropicUsage({ output_tokens: 77 }) },
);
const OK = ANTHROPIC_HEADERS;
const streamed = (whole) => sse(messageEvents(whole), OK);

const create = ({ anthropic }) => anthropic.messages.create(ASK);

async function streamSeen({ anthropic }) {
  const stream = anthropic.messages.stream(ASK);
  const words = [];
  const json = [];
  stream.on('text', (delta) => words.push(delta));
  stream.on('inputJson', (delta) => json.push(delta));
  const events = await collect(stream);
  return { events, words, json, final: await stream.finalMessage(), id: stream.request_id };
}

const SPENT = { details: { error_code: 'enforced_spend_limit_reached' } };
const fails = (status, type, sdkClass, headers = {}, more = {}) => ({
  name: `error ${status} ${type} is the provider's own`,
  answer: json(status, anthropicError(type, `about ${type}`, more), { ...OK, ...headers }),
  run: create,
  check: ({ error }) => {
    assert.equal(error.class, sdkClass);
    assert.equal(error.status, status);
    assert.equal(error.body.error.type, type);
    assert.equal(error.requestID, OK['request-id']);
  },
});

sameEitherWay('@anthropic-ai/sdk', [
  {
    name: 'a message with its headers',
    answer: json(200, SAID, OK),
    run: async ({ anthropic }) => {
      const { data, request_id } = await anthropic.messages.create(ASK).withResponse();
      return { data, request_id };
    },
    check: ({ result, http }) => {
      assert.deepEqual(result.data.content, SAID.content);
      assert.equal(result.request_id, OK['request-id']);
      const status = http[0].headers.find(
        ([name]) => name === 'anthropic-ratelimit-unified-status',
      );
      assert.equal(status[1], 'allowed_warning');
    },
  },
  {
    name: 'a stream of text, event by event',
    answer: streamed(SAID),
    run: streamSeen,
    check: ({ result }) => {
      assert.equal(result.words.join(''), SAID.content[0].text);
      assert.equal(result.final.usage.output_tokens, 21);
      assert.equal(result.final.usage.cache_read_input_tokens, 2048);
    },
  },
  {
    name: 'a stream with thinking and a tool call',
    answer: streamed(CALLED),
    run: streamSeen,
    check: ({ result }) => {
      assert.deepEqual(result.final.content, CALLED.content);
      assert.equal(result.json.join(''), JSON.stringify(CALLED.content[2].input));
    },
  },
  {
    name: 'a stream whose packets end inside events, lines and characters',
    answer: () => {
      const body = Buffer.from(messageEvents(SAID).join(''));
      const positions = [
        1,
        6,
        7,
        300,
        301,
        body.indexOf('\u2014') + 1,
        body.indexOf('\u{1F69A}') + 2,
      ];
      const headers = { ...OK, 'Content-Type': 'text/event-stream', 'Content-Length': body.length };
      return [head(200, headers), ...cutAt(body, ...positions.sort((a, b) => a - b))];
    },
    run: streamSeen,
    check: ({ result }) => assert.deepEqual(result.final.content, SAID.content),
  },
  {
    name: 'create with stream: true and beta headers',
    answer: streamed(SAID),
    run: async ({ anthropic }) =>
      collect(
        await anthropic.beta.messages.create({
          ...ASK,
          stream: true,
          betas: ['context-1m-2025-08-07', 'fine-grained-tool-streaming-2025-05-14'],
        }),
      ),
    check: ({ result }, [request]) => {
      assert.match(request.header('anthropic-beta'), /context-1m.*fine-grained/);
      assert.equal(result.at(-1).type, 'message_stop');
    },
  },
  {
    name: 'a tool runner: call, result, answer',
    answer: (request, n) => json(200, n === 0 ? CALLED : SAID, OK),
    run: async ({ anthropic }) => {
      const ran = [];
      const run = (input) => {
        ran.push(input);
        return 'left Hamburg on Monday';
      };
      const tools = [betaTool({ ...TOOL, run })];
      return { final: await anthropic.beta.messages.toolRunner({ ...ASK, tools }), ran };
    },
    asked: 2,
    check: ({ result }) => {
      assert.deepEqual(result.ran, [CALLED.content[2].input]);
      assert.equal(result.final.content[0].text, SAID.content[0].text);
    },
  },
  {
    name: 'counting tokens, listing models, batches: other paths pass as they are',
    answer: (request) => {
      if (request.target.endsWith('count_tokens')) return json(200, { input_tokens: 2095 }, OK);
      if (request.target.startsWith('/v1/models')) {
        const model = {
          type: 'model',
          id: CLAUDE,
          display_name: 'Claude',
          created_at: '2025-09-29T00:00:00Z',
        };
        return json(200, { data: [model], has_more: false, first_id: CLAUDE, last_id: CLAUDE }, OK);
      }
      return json(
        200,
        { id: 'msgbatch_1', type: 'message_batch', processing_status: 'in_progress' },
        OK,
      );
    },
    run: async ({ anthropic }) => [
      await anthropic.messages.countTokens({ model: CLAUDE, messages: ASK.messages }),
      (await anthropic.models.list({ limit: 1000 })).data,
      await anthropic.messages.batches.create({ requests: [{ custom_id: 'a', params: ASK }] }),
      await anthropic.messages.batches.retrieve('msgbatch_1'),
    ],
    asked: 4,
    check: ({ result }) => assert.equal(result[0].input_tokens, 2095),
  },
  fails(400, 'invalid_request_error', 'BadRequestError'),
  fails(401, 'authentication_error', 'AuthenticationError'),
  fails(402, 'billing_error', 'PaymentRequiredError'),
  fails(403, 'permission_error', 'PermissionDeniedError'),
  fails(404, 'not_found_error', 'NotFoundError'),
  fails(413, 'request_too_large', 'ContentTooLargeError'),
  fails(429, 'rate_limit_error', 'RateLimitError', {
    'retry-after': '17',
    'x-should-retry': 'true',
  }),
  fails(429, 'spend_limit_error', 'EnforcedSpendLimitReachedError', {}, SPENT),
  fails(500, 'api_error', 'InternalServerError'),
  fails(529, 'overloaded_error', 'OverloadedError'),
  {
    name: 'an error body that is not JSON, byte for byte',
    answer: [
      ...cutAt(
        Buffer.concat([
          Buffer.from(head(502, { ...OK, 'Content-Type': 'text/html', 'Content-Length': 22 })),
          Buffer.from('<html>bad gateway\u00e9</h'),
        ]),
      ),
    ],
    run: create,
    check: ({ error }) => {
      assert.equal(error.status, 502);
      assert.match(error.message, /bad gateway\u00e9/);
    },
  },
  {
    name: 'retries of the client: 529, 529, then the answer',
    answer: (request, n) =>
      n < 2
        ? json(529, anthropicError('overloaded_error', 'Overloaded'), {
            ...OK,
            'retry-after-ms': '1',
          })
        : json(200, SAID, OK),
    options: { retries: 2 },
    run: create,
    asked: 3,
    check: ({ result }, requests) => {
      assert.equal(result.content[0].text, SAID.content[0].text);
      const counts = requests.map((request) => request.header('x-stainless-retry-count'));
      assert.deepEqual(counts, ['0', '1', '2']);
    },
  },
  {
    name: 'x-should-retry: false ends the retries of the client',
    answer: json(529, anthropicError('overloaded_error', 'Overloaded'), {
      ...OK,
      'x-should-retry': 'false',
    }),
    options: { retries: 2 },
    run: create,
    check: ({ error }) => assert.equal(error.status, 529),
  },
  {
    name: 'an error event inside a stream',
    answer: sse(
      [...messageEvents(SAID).slice(0, 5), anthropicErrorEvent('overloaded_error', 'Overloaded')],
      OK,
    ),
    run: streamSeen,
    check: ({ error, http }) => {
      assert.equal(http[0].status, 200);
      assert.match(error.message, /Overloaded/);
    },
  },
  {
    name: 'a connection that is reset in the middle of a stream',
    answer: [...sse(messageEvents(SAID).slice(0, 5), OK).slice(0, -1), RESET],
    run: streamSeen,
    check: ({ error, http }) => {
      assert.equal(http[0].status, 200);
      assert.match(error.message, /terminated|other side closed|aborted/);
    },
    // Whether it was a reset or an early end is a matter of sockets.
    alike: ({ error, ...seen }) => ({ ...seen, failed: error.class }),
  },
  {
    name: 'an abort in the middle of a stream',
    answer: [...sse(messageEvents(SAID).slice(0, 5), OK).slice(0, -1), HANG],
    run: async ({ anthropic }, request) => {
      const stream = anthropic.messages.stream(ASK);
      stream.on('text', () => stream.abort());
      const ended = await stream.finalMessage().catch((error) => error.constructor.name);
      await (
        await request()
      ).gone;
      return { ended };
    },
    check: ({ result }) => assert.equal(result.ended, 'APIUserAbortError'),
  },
  {
    name: 'a client that waits no longer',
    answer: [HANG],
    run: async ({ anthropic }, request) => {
      const failed = await anthropic.messages
        .create(ASK, { timeout: 300 })
        .catch((error) => error.constructor.name);
      await (
        await request()
      ).gone;
      return { failed };
    },
    check: ({ result }) => assert.equal(result.failed, 'APIConnectionTimeoutError'),
  },
]);
