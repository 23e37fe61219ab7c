// Each way in which a provider fails: what the client gets, and what the span says. The gateway makes
// one attempt here; outage.test.mjs is about trying again.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import {
  ANTHROPIC_HEADERS,
  CLAUDE,
  GPT,
  anthropicError,
  anthropicErrorEvent,
  chat,
  message,
  messageEvents,
  openAiError,
  text,
} from './answers.mjs';
import { callSpan, shared, startGateway, traceparent } from './pitot_gateway.mjs';
import { post, send } from './raw.mjs';
import { CLOSE, HANG, RESET, chunk, head, json, pause, sse, whole } from './upstream.mjs';
import { PROVIDER_KEY } from './ways.mjs';

const FIRST_BYTE_MS = 700;
const IDLE_MS = 500;
const TOTAL_MS = 2_000;

const MESSAGE = message([text('It left Hamburg on Monday.')]);
const EVENTS = messageEvents(MESSAGE);
const ASK = { model: CLAUDE, max_tokens: 100, messages: [{ role: 'user', content: 'Where?' }] };
const ASK_STREAM = { ...ASK, stream: true };
const ASK_CHAT = { model: GPT, messages: [{ role: 'user', content: 'Where?' }] };
const open = (events) => sse(events, ANTHROPIC_HEADERS).slice(0, -1);

async function closedPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

describe('failures of a provider', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  let base;
  before(async () => {
    const gone = { url: `http://127.0.0.1:${await closedPort()}` };
    ({ upstream, pitot } = await startGateway(scope, {
      upstreams: {
        gone: { ...gone, dialect: 'openai' },
        gone_claude: { ...gone, dialect: 'anthropic' },
        nowhere: { url: 'http://no-such-host.invalid', dialect: 'openai' },
      },
      deadlines: {
        first_byte: `${FIRST_BYTE_MS}ms`,
        idle: `${IDLE_MS}ms`,
        total: `${TOTAL_MS}ms`,
        connect: '1s',
      },
      retries: { attempts: 1 },
      breaker: { enabled: false },
    }));
    base = { anthropic: `${pitot.httpUrl}/anthropic`, openai: `${pitot.httpUrl}/openai` };
  });

  async function ask(name, answer, { body = ASK, where = `${base.anthropic}/v1/messages` } = {}) {
    upstream.on(name, answer);
    const trace = traceparent();
    const call = post(where, body, { 'x-case': name, 'x-api-key': PROVIDER_KEY, ...trace.headers });
    const end = await call.end;
    return {
      ...end,
      took: performance.now() - call.at,
      span: () => callSpan(pitot, trace.traceId),
    };
  }

  // A refusal of our own, as the Anthropic SDK and its users read it.
  function assertEnvelope(answer, status, code) {
    assert.equal(answer.status, status, answer.text);
    const body = JSON.parse(answer.text);
    assert.equal(body.type, 'error');
    assert.ok(body.error.message.length > 0);
    assert.equal(body.error.pitot?.code, code, answer.text);
    return body;
  }

  async function assertSpan(answer, category) {
    const span = await answer.span();
    assert.equal(span.status, 'error');
    assert.equal(span.error_category, category, JSON.stringify(span));
    assert.ok(span.status_message, 'the reason in words');
    return span;
  }

  test('refuses connections: 502 in the envelope of the dialect', async () => {
    const claude = await ask('refused', [], {
      where: `${pitot.httpUrl}/up/gone_claude/v1/messages`,
    });
    assertEnvelope(claude, 502, 'upstream_connect');
    await assertSpan(claude, 'network');

    const where = `${pitot.httpUrl}/up/gone/v1/chat/completions`;
    const gpt = await ask('refused', [], { where, body: ASK_CHAT });
    assert.equal(gpt.status, 502);
    assert.ok(JSON.parse(gpt.text).error.message);
    await assertSpan(gpt, 'network');
  });

  test('has a name that does not resolve: 502', async () => {
    const where = `${pitot.httpUrl}/up/nowhere/v1/chat/completions`;
    const answer = await ask('unresolved', [], { where, body: ASK_CHAT });
    assert.equal(answer.status, 502, answer.text);
    assert.match(answer.text, /no-such-host/, 'the message names the host');
    await assertSpan(answer, 'network');
  });

  test('is not an upstream at all: 404 that names it', async () => {
    const where = `${pitot.httpUrl}/up/unheard-of/v1/chat/completions`;
    const answer = await ask('unheard', [], { where, body: ASK_CHAT });
    assert.equal(answer.status, 404);
    assert.match(answer.text, /unheard-of/);
  });

  test('resets before any answer: 502, the request not repeated', async () => {
    const answer = await ask('reset', [RESET]);
    assertEnvelope(answer, 502, 'upstream_reset');
    assert.equal(upstream.requests('reset').length, 1, 'a POST that may have been acted upon');
    await assertSpan(answer, 'network');
  });

  test('closes in the middle of the head: 502', async () => {
    const answer = await ask('half a head', ['HTTP/1.1 200 OK\r\nContent-', CLOSE]);
    assert.equal(answer.status, 502);
    await assertSpan(answer, 'network');
  });

  test('hangs before the head: 504 at the first-byte deadline', async () => {
    const answer = await ask('hang', [HANG]);
    assertEnvelope(answer, 504, 'upstream_timeout');
    assert.ok(answer.took >= FIRST_BYTE_MS - 5 && answer.took < TOTAL_MS, `${answer.took} ms`);
    await (
      await upstream.request('hang')
    ).gone;
    await assertSpan(answer, 'timeout');
  });

  test('hangs in the middle of a stream: cut at the idle deadline, what came is counted', async () => {
    const steps = [...open(EVENTS.slice(0, 5)), HANG];
    const answer = await ask('idle', steps, { body: ASK_STREAM });
    assert.equal(answer.status, 200);
    assert.ok(answer.text.startsWith(EVENTS.slice(0, 5).join('')));
    assert.ok(!answer.text.includes('message_stop'), 'never taken for a whole answer');
    const said = answer.text.slice(EVENTS.slice(0, 5).join('').length);
    if (said === '') assert.ok(!answer.complete, 'cut');
    else assert.match(said, /^event: error\ndata: /, 'or an error that the SDK raises');
    await (
      await upstream.request('idle')
    ).gone;
    const span = await assertSpan(answer, 'timeout');
    assert.equal(span.input_tokens, 25);
    assert.ok(span.estimated);
  });

  test('drips for ever: cut at the total deadline', async () => {
    const drip = Array.from({ length: 60 }, () => [chunk(': x\n\n'), pause(100)]).flat();
    const steps = [...open(EVENTS.slice(0, 3)), ...drip, '0\r\n\r\n'];
    const answer = await ask('drip', steps, { body: ASK_STREAM });
    assert.ok(answer.took >= TOTAL_MS - 5 && answer.took < TOTAL_MS + 1500, `${answer.took} ms`);
    await assertSpan(answer, 'timeout');
  });

  test('answers garbage instead of HTTP: 502', async () => {
    const answer = await ask('garbage', [Buffer.from('\x16\x03\x01\x00garbage\r\n\r\n'), CLOSE]);
    assertEnvelope(answer, 502, 'upstream_invalid');
    const span = await answer.span();
    assert.equal(span.status, 'error');
  });

  test('answers garbage instead of JSON: passed as it came, no usage invented', async () => {
    const answer = await ask('not json', json(200, '{"usage": {"input_tokens": 12'));
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '{"usage": {"input_tokens": 12');
    const span = await answer.span();
    assert.notEqual(span.input_tokens, 12);
    assert.notEqual(span.has_usage && !span.estimated, true, 'nothing reported');
  });

  test('sends less than its Content-Length says: the client sees a cut answer', async () => {
    const body = JSON.stringify(MESSAGE);
    const steps = [
      head(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }),
      body.slice(0, -9),
      CLOSE,
    ];
    const answer = await ask('short', steps);
    assert.ok(!answer.complete);
    await assertSpan(answer, 'network');
  });

  test('ends a chunked stream without its last chunk: the client sees a cut answer', async () => {
    const answer = await ask('no last chunk', [...open(EVENTS.slice(0, 6)), RESET], {
      body: ASK_STREAM,
    });
    assert.equal(answer.text, EVENTS.slice(0, 6).join(''));
    assert.ok(!answer.complete);
    await assertSpan(answer, 'network');
  });

  for (const [name, headers] of Object.entries({
    '429 with Retry-After': {
      'retry-after': '17',
      'anthropic-ratelimit-unified-status': 'rejected',
    },
    '429 without Retry-After': {},
  })) {
    test(`${name}: status, headers and body as they came`, async () => {
      const body = anthropicError('rate_limit_error', 'This request would exceed the limit.');
      const answer = await ask(name, json(429, body, { ...ANTHROPIC_HEADERS, ...headers }));
      assert.equal(answer.status, 429);
      assert.deepEqual(JSON.parse(answer.text), body);
      assert.equal(answer.headers['retry-after'], headers['retry-after']);
      assert.equal(
        answer.headers['anthropic-ratelimit-unified-status'],
        headers['anthropic-ratelimit-unified-status'] ?? 'allowed_warning',
      );
      const span = await assertSpan(answer, 'rate_limit');
      assert.match(span.status_message, /exceed the limit/);
    });
  }

  test('529 overloaded', async () => {
    const body = anthropicError('overloaded_error', 'Overloaded');
    const answer = await ask('529', json(529, body, ANTHROPIC_HEADERS));
    assert.equal(answer.status, 529);
    assert.deepEqual(JSON.parse(answer.text), body);
    await assertSpan(answer, 'overloaded');
  });

  test('quota used up, context too long, key refused: categories a person can act upon', async () => {
    const where = `${base.openai}/v1/chat/completions`;
    const cases = {
      quota: [
        429,
        openAiError('insufficient_quota', 'insufficient_quota', 'You exceeded your quota.'),
      ],
      context_length: [
        400,
        openAiError('invalid_request_error', 'context_length_exceeded', 'Too long.'),
      ],
      auth: [401, openAiError('invalid_request_error', 'invalid_api_key', 'Incorrect API key.')],
      content_filter: [400, openAiError('invalid_request_error', 'content_filter', 'Flagged.')],
    };
    for (const [category, [status, body]] of Object.entries(cases)) {
      const answer = await ask(category, json(status, body), { where, body: ASK_CHAT });
      assert.equal(answer.status, status);
      assert.deepEqual(JSON.parse(answer.text), body);
      await assertSpan(answer, category);
    }
  });

  test('an error event inside a 200 stream: passed, and the span is an error', async () => {
    const events = [...EVENTS.slice(0, 4), anthropicErrorEvent('overloaded_error', 'Overloaded')];
    const answer = await ask('error event', sse(events), { body: ASK_STREAM });
    assert.equal(answer.text, events.join(''));
    const span = await assertSpan(answer, 'overloaded');
    assert.equal(span.input_tokens, 25);
  });

  for (const [coding, encode] of Object.entries({ br: brotliCompressSync, gzip: gzipSync })) {
    test(`${coding} although identity was asked: body and header stay together, and usage is read`, async () => {
      const body = encode(JSON.stringify(MESSAGE));
      const headers = { 'Content-Type': 'application/json', 'Content-Encoding': coding };
      const answer = await ask(`${coding} json`, whole(200, body, headers));
      assert.equal(upstream.requests(`${coding} json`)[0].header('accept-encoding'), 'identity');
      assert.equal(answer.headers['content-encoding'], coding);
      assert.ok(answer.bytes.equals(body));
      const span = await answer.span();
      assert.equal(span.output_tokens, MESSAGE.usage.output_tokens);
      assert.equal(span.finish_reason, 'stop');

      const stream = encode(EVENTS.join(''));
      const pieces = [stream.subarray(0, 40), stream.subarray(40)];
      const streamed = await ask(`${coding} stream`, sse(pieces, { 'Content-Encoding': coding }), {
        body: ASK_STREAM,
      });
      assert.equal(streamed.headers['content-encoding'], coding);
      assert.ok(streamed.bytes.equals(stream));
      assert.equal((await streamed.span()).output_tokens, MESSAGE.usage.output_tokens);
    });
  }

  test('compressed streams into which usage was asked for stay whole', async () => {
    const { chatEvents } = await import('./answers.mjs');
    const plain = chatEvents(chat('Hello there.')).join('');
    const answer = await ask(
      'br chat',
      sse([brotliCompressSync(plain)], { 'Content-Encoding': 'br' }),
      {
        where: `${base.openai}/v1/chat/completions`,
        body: { ...ASK_CHAT, stream: true },
      },
    );
    const { brotliDecompressSync } = await import('node:zlib');
    const received =
      answer.headers['content-encoding'] === 'br'
        ? brotliDecompressSync(answer.bytes).toString()
        : answer.text;
    assert.ok(received.includes('Hello'), 'decoded or not, what the header says is what it is');
    assert.equal((await answer.span()).output_tokens, 90 - 64);
  });

  test('interim answers are passed over', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const answer = await ask('early', [early, ...json(200, MESSAGE)]);
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), MESSAGE);
  });

  test('redirects are the client\u2019s business', async () => {
    const answer = await ask(
      'redirect',
      whole(307, '', { Location: 'https://elsewhere.example/' }),
    );
    assert.equal(answer.status, 307);
    assert.equal(answer.headers.location, 'https://elsewhere.example/');
  });

  test('an answer without length ends with the connection', async () => {
    const body = JSON.stringify(MESSAGE);
    const answer = await ask('until close', [
      'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n',
      body,
      CLOSE,
    ]);
    assert.equal(answer.text, body);
    assert.ok(answer.complete);
    assert.equal((await answer.span()).output_tokens, MESSAGE.usage.output_tokens);
  });

  test('an answer before the request was read whole', async () => {
    const body = anthropicError('request_too_large', 'Too large.');
    upstream.on('early answer', json(413, body));
    const answer = await ask('early answer', json(413, body), {
      body: { ...ASK, messages: [{ role: 'user', content: 'x'.repeat(4 << 20) }] },
    });
    assert.equal(answer.status, 413);
    assert.deepEqual(JSON.parse(answer.text), body);
  });

  test('a kept connection that the provider has closed is not an error of the next call', async () => {
    // Closed right after the answer, as providers do with idle connections.
    for (let i = 0; i < 20; i++) {
      const answer = await ask('kept', [...json(200, MESSAGE), CLOSE]);
      assert.equal(answer.status, 200, answer.text);
    }
    assert.equal(upstream.requests('kept').length, 20, 'no call was made twice');
  });

  test('connections are kept and used again', async () => {
    for (let i = 0; i < 10; i++) await ask('reuse', json(200, MESSAGE));
    const connections = new Set(upstream.requests('reuse').map(({ connection }) => connection));
    assert.ok(connections.size < 10, `${connections.size} connections for 10 calls`);
  });

  test('HEAD and OPTIONS pass', async () => {
    upstream.on('head', whole(200, '', { 'request-id': 'req_1' }));
    const answer = await send('HEAD', `${base.anthropic}/`, undefined, { 'x-case': 'head' }).end;
    assert.ok(answer.status < 500, String(answer.status));
  });

  test('the SDKs raise what they raise for such errors', async () => {
    const claude = new Anthropic({
      apiKey: PROVIDER_KEY,
      baseURL: `${pitot.httpUrl}/up/gone_claude`,
      maxRetries: 0,
    });
    const failure = await claude.messages.create(ASK).catch((error) => error);
    assert.ok(failure instanceof Anthropic.APIError, String(failure));
    assert.equal(failure.status, 502);
    assert.equal(failure.error.type, 'error');

    const gpt = new OpenAI({
      apiKey: PROVIDER_KEY,
      baseURL: `${pitot.httpUrl}/up/gone/v1`,
      maxRetries: 0,
    });
    const error = await gpt.chat.completions.create(ASK_CHAT).catch((reason) => reason);
    assert.ok(error instanceof OpenAI.APIError, String(error));
    assert.equal(error.status, 502);
    assert.ok(error.code);
  });
});

test('told to stop, calls in flight are ended, seen to be cut, and recorded', async (t) => {
  const { upstream, pitot } = await startGateway(t);
  upstream.on('stop', [...open(EVENTS.slice(0, 5)), HANG]);
  const { traceId, headers } = traceparent();
  const url = `${pitot.httpUrl}/anthropic/v1/messages`;
  const call = post(url, ASK_STREAM, { 'x-case': 'stop', ...headers });
  await call.has('text_delta');
  await pitot.stop();
  const { complete } = await call.end;
  assert.ok(!complete);
  await (
    await upstream.request('stop')
  ).gone;
  await pitot.start();
  const span = await callSpan(pitot, traceId);
  assert.equal(span.status, 'error');
  assert.equal(span.input_tokens, 25);
  assert.ok(span.estimated);
});
