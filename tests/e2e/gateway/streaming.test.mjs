// Streams go on as they come: nothing is held back, nothing is counted that did not arrive, and who
// leaves is noticed.

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ANTHROPIC_HEADERS,
  CLAUDE,
  DONE,
  GEMINI,
  GPT,
  PING,
  chat,
  chatEvents,
  cost,
  generatedEvents,
  message,
  messageEvents,
  text,
} from './answers.mjs';
import { callSpan, shared, spansOf, startGateway, traceparent } from './pitot_gateway.mjs';
import { post } from './raw.mjs';
import { CLOSE, HANG, chunk, gate, head, pause, sse, until } from './upstream.mjs';

const MESSAGE = message([text('It left Hamburg on Monday.')]);
const EVENTS = messageEvents(MESSAGE);
const CHAT = chat('It left Hamburg on Monday.');
const ASK = {
  model: CLAUDE,
  max_tokens: 100,
  stream: true,
  messages: [{ role: 'user', content: 'Where?' }],
};
const ASK_CHAT = { model: GPT, stream: true, messages: [{ role: 'user', content: 'Where?' }] };
const ASK_GEMINI = { contents: [{ role: 'user', parts: [{ text: 'Where?' }] }] };

// What an event-stream without an end is made of.
const open = (events) => sse(events, ANTHROPIC_HEADERS).slice(0, -1);

describe('streams', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  let url;
  before(async () => {
    ({ upstream, pitot } = await startGateway(scope, {
      retries: { attempts: 1 },
      breaker: { enabled: false },
    }));
    url = {
      messages: `${pitot.httpUrl}/anthropic/v1/messages`,
      chat: `${pitot.httpUrl}/openai/v1/chat/completions`,
      gemini: `${pitot.httpUrl}/gemini/v1beta/models/${GEMINI}:streamGenerateContent`,
    };
  });

  // Starts a call of its own case and trace.
  function start(name, where, body, answer, headers = {}) {
    upstream.on(name, answer);
    const trace = traceparent();
    const call = post(where, body, { 'x-case': name, ...trace.headers, ...headers });
    return { call, traceId: trace.traceId };
  }

  test('each piece reaches the client before the provider sends the next, half an event too', async () => {
    const gates = [gate(), gate(), gate()];
    const bytes = EVENTS.join('');
    const half = bytes.indexOf('amburg on') + 1;
    const { call, traceId } = start('pieces', url.messages, ASK, [
      head(200, {
        ...ANTHROPIC_HEADERS,
        'Content-Type': 'text/event-stream',
        'Transfer-Encoding': 'chunked',
      }),
      until(gates[0]),
      chunk(bytes.slice(0, half)),
      until(gates[1]),
      chunk(bytes.slice(half, half + 3)),
      until(gates[2]),
      chunk(bytes.slice(half + 3)),
      '0\r\n\r\n',
    ]);
    assert.equal((await call.head).statusCode, 200, 'the head, before any of the body');
    gates[0].open();
    await call.has(bytes.slice(half - 20, half));
    gates[1].open();
    await call.has(bytes.slice(half - 20, half + 3));
    gates[2].open();
    const { bytes: received, complete } = await call.end;
    assert.equal(received.toString(), bytes);
    assert.ok(complete);
    const span = await callSpan(pitot, traceId);
    assert.equal(span.output_tokens, MESSAGE.usage.output_tokens);
    assert.ok(!span.estimated);
  });

  test('with usage asked for by us, whole events go on at once and the added one is taken out', async () => {
    const gates = [gate(), gate()];
    const events = chatEvents(CHAT);
    const { call, traceId } = start(
      'injected',
      url.chat,
      ASK_CHAT,
      sse([
        ...events.slice(0, 2),
        until(gates[0]),
        ...events.slice(2, -2),
        until(gates[1]),
        ...events.slice(-2),
      ]),
    );
    await call.has(events[1]);
    gates[0].open();
    await call.has(events.at(-3));
    gates[1].open();
    const { text: received, complete } = await call.end;
    assert.equal(received, [...events.slice(0, -2), DONE].join(''));
    assert.ok(complete);
    const [request] = upstream.requests('injected');
    assert.equal(
      request.body
        .toString()
        .replace(/"stream_options":\s*\{"include_usage":\s*true\},?/, '')
        .replace(',}', '}'),
      JSON.stringify(ASK_CHAT),
      'all else of the body stays as it was',
    );
    const span = await callSpan(pitot, traceId);
    assert.equal(span.input_tokens, 1200 - 1024);
    assert.equal(span.cache_read_tokens, 1024);
    assert.equal(span.output_tokens, 90 - 64);
    assert.equal(span.reasoning_tokens, 64);
    assert.equal(span.finish_reason, 'stop');
    assert.equal(
      Math.round(span.cost_usd * 1e9),
      cost('openai', GPT, { input: 1200, cacheRead: 1024, output: 90 }),
    );
  });

  test('the first token is the first that says something, not a ping, a role or a comment', async () => {
    const waited = 300;
    const cases = {
      messages: [
        ASK,
        open([
          EVENTS[0],
          PING,
          ': keep-alive\n\n',
          EVENTS[2],
          pause(waited),
          ...EVENTS.slice(3),
          CLOSE,
        ]),
      ],
      chat: [
        ASK_CHAT,
        open([
          ': OPENROUTER PROCESSING\n\n',
          chatEvents(CHAT)[0],
          pause(waited),
          ...chatEvents(CHAT).slice(1),
          CLOSE,
        ]),
      ],
    };
    for (const [name, [body, steps]] of Object.entries(cases)) {
      const { call, traceId } = start(`ttft ${name}`, url[name], body, [
        ...steps.slice(0, -1),
        '0\r\n\r\n',
      ]);
      assert.ok((await call.end).complete, name);
      const span = await callSpan(pitot, traceId);
      assert.ok(span.streaming, name);
      assert.ok(span.ttft_ms >= waited - 5, `${name}: ${span.ttft_ms} ms`);
      assert.ok(span.ttft_ms <= span.duration_ms, name);
    }
  });

  test('who leaves before the first token cancels the call at the provider within 100 ms', async () => {
    const kinds = {
      'streamed, before the head': [ASK, [HANG]],
      'streamed, after the head': [ASK, [...open([]), HANG]],
      'not streamed': [{ ...ASK, stream: false }, [HANG]],
    };
    for (const [kind, [body, answer]] of Object.entries(kinds)) {
      const delays = [];
      const traces = [];
      for (let i = 0; i < 5; i++) {
        const name = `${kind} ${i}`;
        const { call, traceId } = start(name, url.messages, body, answer);
        traces.push(traceId);
        const request = await upstream.request(name);
        if (kind.endsWith('after the head')) await call.head;
        const left = performance.now();
        call.abort();
        delays.push((await request.gone) - left);
      }
      // The median: this machine does other things, too.
      const median = delays.sort((a, b) => a - b)[2];
      assert.ok(median <= 100, `${kind}: ${delays.map((ms) => ms.toFixed(1))} ms`);
      const span = await callSpan(pitot, traces[0]);
      assert.equal(span.finish_reason, 'cancelled', kind);
      assert.equal(span.error_category, 'cancelled', kind);
    }
  });

  test('who leaves in the middle is charged for what came, estimated', async () => {
    const { call, traceId } = start('leaves', url.messages, ASK, [
      ...open(EVENTS.slice(0, 5)),
      HANG,
    ]);
    await call.has('amburg');
    call.abort();
    await (
      await upstream.request('leaves')
    ).gone;
    const span = await callSpan(pitot, traceId);
    assert.equal(span.finish_reason, 'cancelled');
    assert.equal(span.input_tokens, 25);
    assert.ok(span.output_tokens > 1, 'estimated from what came, not the 1 of message_start');
    assert.ok(span.estimated);
    assert.ok(span.cost_usd > 0);
  });

  test('a call is over with its last event, whatever keeps the connection open', async () => {
    const kinds = {
      messages: [ASK, open(EVENTS)],
      chat: [ASK_CHAT, open(chatEvents(CHAT))],
    };
    for (const [name, [body, steps]] of Object.entries(kinds)) {
      const { call, traceId } = start(`over ${name}`, url[name], body, [...steps, HANG]);
      await call.has(name === 'chat' ? '[DONE]' : 'message_stop');
      call.abort();
      const span = await callSpan(pitot, traceId);
      assert.notEqual(span.finish_reason, 'cancelled', name);
      assert.notEqual(span.status, 'error', name);
      assert.ok(!span.estimated, name);
    }
  });

  test('line ends, comments, events of several lines: any stream is forwarded byte for byte', async () => {
    const odd = EVENTS.map((event, i) => {
      if (i % 3 === 0) return event.replaceAll('\n', '\r\n');
      if (i % 3 === 1) return `: a comment\n\nid: ${i}\nretry: 10\n${event}`;
      return event.replace('data: {', 'data: {\ndata: ');
    });
    const { call, traceId } = start('odd', url.messages, ASK, sse(odd));
    const { text: received } = await call.end;
    assert.equal(received, odd.join(''));
    const span = await callSpan(pitot, traceId);
    assert.equal(span.input_tokens, 25);
    assert.equal(span.output_tokens, 15);
  });

  test('usage with choices, usage in every event: the last one counts', async () => {
    const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: GPT };
    const frame = (content, prompt, completion, finish = null) =>
      `data: ${JSON.stringify({
        ...base,
        choices: [{ index: 0, delta: { content }, finish_reason: finish }],
        usage: {
          prompt_tokens: prompt,
          completion_tokens: completion,
          total_tokens: prompt + completion,
        },
      })}\n\n`;
    const events = [frame('It ', 50, 1), frame('left', 50, 2), frame('.', 50, 3, 'stop'), DONE];
    const { call, traceId } = start('vllm', url.chat, ASK_CHAT, sse(events));
    assert.equal((await call.end).text, events.join(''), 'not an event of ours: it stays');
    const span = await callSpan(pitot, traceId);
    assert.equal(span.input_tokens, 50);
    assert.equal(span.output_tokens, 3);
  });

  test('Gemini: counts grow from event to event, with alt=sse and as one JSON array', async () => {
    const pieces = [{ text: 'It left ' }, { text: 'Hamburg ' }, { text: 'on Monday.' }];
    const events = generatedEvents(...pieces);
    const array = events.map((event) => JSON.parse(event.slice('data: '.length)));
    const kinds = {
      sse: [`${url.gemini}?alt=sse`, sse(events), events.join('')],
      array: [url.gemini, sse(JSON.stringify(array).match(/.{1,97}/gsu)), JSON.stringify(array)],
    };
    for (const [kind, [where, steps, body]] of Object.entries(kinds)) {
      const { call, traceId } = start(`gemini ${kind}`, where, ASK_GEMINI, steps);
      assert.equal((await call.end).text, body, kind);
      const span = await callSpan(pitot, traceId);
      assert.equal(span.model, GEMINI, kind);
      assert.equal(span.input_tokens, 24, kind);
      assert.equal(span.cache_read_tokens, 16, kind);
      assert.equal(span.output_tokens, 12, kind);
      assert.equal(span.reasoning_tokens, 8, kind);
      const usage = { input: 40, cacheRead: 16, output: 20 };
      assert.equal(Math.round(span.cost_usd * 1e9), cost('google', GEMINI, usage), kind);
    }
  });

  test('a running call is to be seen while it runs', async () => {
    const go = gate();
    const steps = sse([...EVENTS.slice(0, 4), until(go), ...EVENTS.slice(4)]);
    const { call, traceId } = start('running', url.messages, ASK, steps);
    await call.has('text_delta');
    await spansOf(pitot, traceId, (spans) => {
      const [span] = spans.filter(({ kind }) => kind === 'llm');
      assert.equal(span?.status, 'running');
      assert.equal(span.model_requested, CLAUDE);
    });
    go.open();
    await call.end;
    const span = await callSpan(pitot, traceId);
    assert.equal(span.status === 'error', false);
    assert.equal(span.output_tokens, 15);
  });

  test('512 streams at once are held and ended', { timeout: 60_000 }, async () => {
    const go = gate();
    upstream.on('many', sse([...EVENTS.slice(0, 4), until(go), ...EVENTS.slice(4)]));
    const calls = Array.from({ length: 512 }, () => post(url.messages, ASK, { 'x-case': 'many' }));
    await Promise.all(calls.map((call) => call.has('text_delta')));
    assert.equal(upstream.requests('many').length, 512);
    go.open();
    for (const { text: received, complete } of await Promise.all(calls.map((call) => call.end))) {
      assert.ok(complete);
      assert.equal(received.length, EVENTS.join('').length);
    }
  });

  test('a client that does not read holds the provider back, not our memory', async () => {
    let sent = 0;
    const piece = chunk(Buffer.alloc(256 << 10, 'x'));
    const total = 256; // 64 MiB
    upstream.on('slow', [
      head(200, { 'Content-Type': 'application/octet-stream', 'Transfer-Encoding': 'chunked' }),
      ...Array.from({ length: total }, () => [piece, () => void (sent += 1)]).flat(),
      '0\r\n\r\n',
    ]);
    const call = post(`${pitot.httpUrl}/openai/v1/files/f/content`, {}, { 'x-case': 'slow' });
    await call.pause();
    // Until the provider's sending stands still.
    let before;
    do {
      before = sent;
      await sleep(250);
    } while (sent !== before);
    assert.ok(sent < total / 2, `${sent} of ${total} pieces were taken although nobody reads them`);
    await call.resume();
    const { bytes, complete } = await call.end;
    assert.equal(bytes.length, total * (256 << 10));
    assert.ok(complete);
  });

  test(
    'a request of 32 MiB passes; a larger one is refused in the form of the provider',
    { timeout: 60_000 },
    async () => {
      upstream.on('large', sse(EVENTS));
      const body = (bytes) => {
        const filled = { ...ASK, messages: [{ role: 'user', content: '' }] };
        filled.messages[0].content = 'y'.repeat(bytes - JSON.stringify(filled).length);
        return JSON.stringify(filled);
      };
      const exact = body(32 << 20);
      const passed = await post(url.messages, exact, { 'x-case': 'large' }).end;
      assert.equal(passed.status, 200, passed.text);
      assert.ok(upstream.requests('large')[0].body.equals(Buffer.from(exact)));
      const refused = await post(url.messages, body((32 << 20) + 1), { 'x-case': 'large' }).end;
      assert.equal(refused.status, 413, refused.text);
      assert.equal(JSON.parse(refused.text).error.type, 'request_too_large');
      assert.equal(upstream.requests('large').length, 1);
    },
  );
});
