// Pitot as a gateway before a scripted provider, and what it recorded.
//
//   const { upstream, pitot } = await startGateway(t);             // All providers are `upstream`.
//   const { upstream, pitot } = await startGateway(t, { budgets: [...] });   // More of `gateway:`.
//   const span = await callSpan(pitot, traceId);                   // The only call of that trace.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPitot } from '../pitot.mjs';
import { startUpstream } from './upstream.mjs';

const SPAN_DEADLINE_MS = 20_000;
const POLL_MS = 50;

// What a whole file or suite shares; to be made while it is read, used in before().
export function shared() {
  const stops = [];
  after(async () => {
    const failures = [];
    for (const stop of stops.reverse()) await stop().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  });
  return { after: (stop) => stops.push(stop) };
}

export const upstreamsAt = (url) => ({
  anthropic: { url },
  openai: { url },
  gemini: { url },
});

// `gateway` is the config file's `gateway:`, or a function of the upstream that makes it; `more` are
// other top-level keys.
export async function startGateway(t, gateway = {}, { more = {}, env = {} } = {}) {
  const upstream = await startUpstream(t);
  const own = typeof gateway === 'function' ? gateway(upstream) : gateway;
  const upstreams = { ...upstreamsAt(upstream.url), ...own.upstreams };
  const config = { ...more, gateway: { ...own, upstreams } };
  const pitot = await startPitot(t, { config, env });
  return { upstream, pitot };
}

// A caller's own place in a trace: the call is found by it.
export function traceparent() {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}

export async function api(pitot, path, { method = 'GET', body, headers = {} } = {}) {
  const answer = await fetch(`${pitot.httpUrl}/api/v1${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  return { status: answer.status, value };
}

// Asks until `satisfied(answer)` says so without throwing; its last complaint is the failure.
export async function eventually(ask, satisfied, deadlineMs = SPAN_DEADLINE_MS) {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    try {
      return satisfied(answer) ?? answer;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(POLL_MS);
  }
}

// The spans of a trace as soon as they satisfy; structure only.
export function spansOf(pitot, traceId, satisfied = (spans) => assert.ok(spans.length > 0)) {
  return eventually(
    async () => {
      const { status, value } = await api(pitot, `/traces/${traceId}`);
      return status === 200 ? value.spans : [];
    },
    (spans) => {
      satisfied(spans);
      return spans;
    },
  );
}

// The whole span, payloads too.
export async function wholeSpan(pitot, traceId, spanId) {
  const { status, value } = await api(pitot, `/traces/${traceId}/spans/${spanId}`);
  assert.equal(status, 200, JSON.stringify(value));
  return value.span ?? value;
}

// The ended llm calls of a trace, in order of start, as soon as there are `count`.
export async function callsOf(pitot, traceId, count = 1) {
  const spans = await spansOf(pitot, traceId, (all) => {
    const ended = all.filter(({ kind, status }) => kind === 'llm' && status !== 'running');
    assert.equal(ended.length, count, `ended llm spans among ${JSON.stringify(all, null, 1)}`);
  });
  return spans
    .filter(({ kind }) => kind === 'llm')
    .sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
}

export async function callSpan(pitot, traceId) {
  const [call] = await callsOf(pitot, traceId);
  return wholeSpan(pitot, traceId, call.span_id);
}
