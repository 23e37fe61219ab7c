// Spans of a C++ program with the SDK in it, in a real server: sent over OTLP, and through a file.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPitot } from '../pitot.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = process.env.PITOT_SDK_TREE_SENDER ?? join(ROOT, 'build/tests/sdk_tree_sender');
const TIMEOUT = { timeout: 120_000 };

function start(args, env) {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run make build`);
  const child = spawn(PROGRAM, args, { env: { ...process.env, ...env } });
  child.stdout.setEncoding('utf8');
  child.said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (child.said += chunk));
  return child;
}

const sendingTo = (pitot) => ({
  PITOT_EXPORTERS: 'otlp',
  OTEL_EXPORTER_OTLP_ENDPOINT: pitot.httpUrl,
});

async function send(args, env) {
  const child = start(args, env);
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, child.said);
  return { ...JSON.parse(printed), said: child.said };
}

function assertTree({ spans, trace }, told) {
  const shown = new Map(spans.map((span) => [span.name, span]));
  for (const [name, { span_id, parent }] of Object.entries(told.spans)) {
    const span = shown.get(name);
    assert.ok(span, `${name} is missing`);
    assert.equal(span.span_id, span_id, name);
    assert.equal(span.parent_span_id ?? '', told.spans[parent]?.span_id ?? '', name);
    assert.equal(span.service, 'sdk-e2e', name);
  }
  const kinds = { answer: 'agent', plan: 'chain', chat: 'llm', refund: 'tool' };
  for (const [name, kind] of Object.entries(kinds)) assert.equal(shown.get(name).kind, kind);

  const chat = shown.get('chat');
  assert.equal(chat.model, 'claude-sonnet-4-5');
  assert.equal(Number(chat.input_tokens), 310);
  assert.equal(Number(chat.cache_read_tokens), 900);
  assert.equal(Number(chat.cache_write_1h_tokens), 100);
  assert.equal(Number(chat.output_tokens), 200);
  assert.equal(chat.finish_reason, 'stop');
  assert.ok(Number(chat.cost_usd) > 0, 'the call has no price');

  const refund = shown.get('refund');
  assert.equal(refund.status, 'error');
  assert.equal(refund.status_message, 'the bank said no');
  assert.equal(trace.feature, 'checkout');
  assert.equal(trace.user_id, 'u-17');
  assert.equal(trace.session_id, 's-4');
  assert.equal(Number(trace.errors), 1);
}

// What is not in the tree: one span in full, as it is exported.
async function exported(pitot, spanId) {
  const response = await fetch(`${pitot.httpUrl}/api/v1/export?format=jsonl`);
  const lines = (await response.text()).trim().split('\n').map(JSON.parse);
  return lines.find((line) => line.span_id === spanId);
}

function assertDetails(span) {
  assert.deepEqual(
    span.events.map((event) => event.name),
    ['asked the bank', 'exception'],
  );
  assert.equal(span.events[0].attributes.attempt, 2);
  assert.equal(span.links.length, 1);
  assert.equal(span.links[0].attributes.why, 'cause');
  assert.equal(span.attributes.bytes, 'caf\u00e9 \ufffd');
  assert.equal(span.error_type, 'std::runtime_error');
  assert.equal(span.environment, 'test');
  assert.equal(span.release, '1.4.2');
  assert.equal(span.emitter, 'pitot_sdk');
}

test('a C++ program sends its tree over OTLP', TIMEOUT, async (t) => {
  const pitot = await startPitot(t);
  const told = await send([], sendingTo(pitot));
  assert.match(told.said, /4 sent/);
  const answer = await pitot.trace(told.trace_id, ({ spans }) => spans.length === 4);
  assertTree(answer, told);
  assertDetails(await exported(pitot, told.spans.refund.span_id));
});

test('a C++ program writes its tree to a file, which is imported', TIMEOUT, async (t) => {
  const pitot = await startPitot(t);
  const file = join(pitot.dataDir, 'spans.jsonl');
  const told = await send([file], {});
  const { code, stderr } = await pitot.command('import', file, '--url', pitot.httpUrl);
  assert.equal(code, 0, stderr);
  const answer = await pitot.trace(told.trace_id, ({ spans }) => spans.length === 4);
  assertTree(answer, told);
  assertDetails(await exported(pitot, told.spans.refund.span_id));
});

test('a span shows while it runs, and ends', TIMEOUT, async (t) => {
  const pitot = await startPitot(t);
  const child = start(['--running'], sendingTo(pitot));
  const closed = once(child, 'close');
  const [traceId] = await once(createInterface(child.stdout), 'line');
  await pitot.trace(traceId, ({ spans }) => spans[0]?.status === 'running');
  child.stdin.end();
  assert.equal((await closed)[0], 0, child.said);
  const { spans } = await pitot.trace(traceId, ({ spans: [span] }) => span?.status !== 'running');
  assert.equal(spans.length, 1);
  assert.equal(spans[0].status, 'unset');
});

test('a program whose server is gone ends in time and says what it could not send', TIMEOUT, async () => {
  const child = start([], {
    PITOT_EXPORTERS: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', // Nobody listens there.
    FLUSH_MS: '300',
  });
  const before = Date.now();
  child.stdout.resume();
  await once(child, 'close');
  assert.ok(Date.now() - before < 15_000, `it took ${Date.now() - before} ms`);
  assert.match(child.said, /otlp http:\/\/127\.0\.0\.1:9\/v1\/traces: .*4 spans/);
});
