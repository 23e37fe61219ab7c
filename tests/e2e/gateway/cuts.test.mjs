// Streams cut at every byte: the client gets what arrived, and what arrived is what is counted.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  CLAUDE,
  GEMINI,
  GPT,
  chat,
  chatEvents,
  generatedEvents,
  message,
  messageEvents,
  outputText,
  response,
  responseEvents,
  text,
} from './answers.mjs';
import { api, eventually, shared, startGateway, traceparent } from './pitot_gateway.mjs';
import { post } from './raw.mjs';
import { CLOSE, chunk, head } from './upstream.mjs';

const EVENTS = messageEvents(message([text('It left Hamburg on Monday.')]));
const CHAT = chat('It left Hamburg on Monday.');
const ASK = {
  model: CLAUDE,
  max_tokens: 100,
  stream: true,
  messages: [{ role: 'user', content: 'Where?' }],
};
const ASK_CHAT = { model: GPT, stream: true, messages: [{ role: 'user', content: 'Where?' }] };
const ASK_GEMINI = { contents: [{ role: 'user', parts: [{ text: 'Where?' }] }] };

describe('streams that are cut', { concurrency: 2 }, () => {
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

  // Its line is whole: what ends the event does not matter at the end of a stream.
  const has = (at, edges, n) => at >= edges.at(n) - 2;

  // What arrived of a stream is what the client gets, and what is counted. `said(at)`: the figures that
  // its first `at` bytes have reported; without output_tokens: the rest is estimated. From the end of
  // event `over` on the answer is whole, whatever the connection does.
  async function cutEverywhere({
    where,
    body,
    events,
    step,
    seen = (bytes) => bytes,
    said,
    over = -1,
  }) {
    const bytes = Buffer.from(events.join(''));
    const edges = [0];
    for (const event of events) edges.push(edges.at(-1) + Buffer.byteLength(event));
    const cuts = Array.from({ length: bytes.length }, (_, i) => i).filter(
      (i) => i % step === 0 || edges.some((edge) => Math.abs(i - edge) <= 2),
    );
    const session = `cut-${where}-${Date.now()}`;
    upstream.on(session, (request) => {
      const at = Number(request.header('x-cut'));
      const start = head(200, {
        'Content-Type': 'text/event-stream',
        'Transfer-Encoding': 'chunked',
      });
      return [start, ...(at ? [chunk(bytes.subarray(0, at))] : []), CLOSE];
    });
    const traces = new Map();
    const next = cuts.values();
    const worker = async () => {
      for (const at of next) {
        const { traceId, headers } = traceparent();
        traces.set(traceId, at);
        const { bytes: received, complete } = await post(where, body, {
          'x-case': session,
          'x-cut': String(at),
          'x-pitot-session': session,
          ...headers,
        }).end;
        assert.equal(received.toString(), seen(bytes.subarray(0, at)).toString(), `cut at ${at}`);
        if (!has(at, edges, over)) {
          assert.ok(!complete, `cut at ${at}: the client must see that it is cut`);
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));

    const spans = await eventually(
      async () => {
        const filter = encodeURIComponent(`session_id = "${session}" AND kind = llm`);
        const { value } = await api(pitot, `/export?q=${filter}`);
        const lines = typeof value === 'string' ? value.split('\n') : [JSON.stringify(value)];
        const all = lines.filter(Boolean).map((line) => JSON.parse(line));
        return all.filter(({ status }) => status !== 'running');
      },
      (list) => assert.equal(list.length, cuts.length),
    );
    for (const { trace_id, status, usage, cost: money, ...span } of spans) {
      const at = traces.get(trace_id);
      const why = `cut at ${at} of ${bytes.length}: ${JSON.stringify({ status, usage, money, ...span })}`;
      const figures = said(at, edges);
      for (const [name, count] of Object.entries(figures ?? {})) {
        assert.equal(usage[name], count, `${name}, ${why}`);
      }
      assert.equal(Boolean(money?.estimated), figures?.output_tokens === undefined, why);
      if (!has(at, edges, over)) assert.equal(status, 'error', why);
    }
  }
  test('a Messages stream cut at every byte', () =>
    cutEverywhere({
      where: url.messages,
      body: ASK,
      events: EVENTS,
      step: 3,
      said: (at, edges) => {
        if (has(at, edges, -2)) return { input_tokens: 25, output_tokens: 15 };
        return has(at, edges, 1) ? { input_tokens: 25 } : undefined;
      },
    }));

  test('a chat stream with usage asked for by us, cut at every byte', () => {
    const events = chatEvents(CHAT);
    const added = events.at(-2);
    return cutEverywhere({
      where: url.chat,
      body: ASK_CHAT,
      events,
      step: 7,
      over: -3, // Every choice has its finish_reason.
      // Whole events, less the added one; the rest of a cut one comes with the end.
      seen: (bytes) => {
        const text = bytes.toString();
        const at = text.indexOf(added.trimEnd());
        return at < 0 ? text : text.slice(0, at) + text.slice(at + added.length);
      },
      said: (at, edges) =>
        has(at, edges, -2)
          ? { input_tokens: 176, cache_read_tokens: 1024, output_tokens: 26, reasoning_tokens: 64 }
          : undefined,
    });
  });

  test('a Responses stream cut at every byte', () =>
    cutEverywhere({
      where: `${pitot.httpUrl}/openai/v1/responses`,
      body: { model: GPT, stream: true, input: 'Where?' },
      events: responseEvents(response([outputText('It left Hamburg.')])),
      step: 23,
      said: (at, edges) =>
        has(at, edges, -1)
          ? { input_tokens: 200, cache_read_tokens: 128, output_tokens: 32, reasoning_tokens: 20 }
          : undefined,
    }));

  test('a Gemini stream cut at every byte', () =>
    cutEverywhere({
      where: `${url.gemini}?alt=sse`,
      body: ASK_GEMINI,
      events: generatedEvents({ text: 'It left ' }, { text: 'Hamburg.' }),
      step: 5,
      said: (at, edges) => {
        if (has(at, edges, -1)) return { input_tokens: 24, output_tokens: 12, reasoning_tokens: 8 };
        return has(at, edges, 1) ? { input_tokens: 24 } : undefined;
      },
    }));
});
