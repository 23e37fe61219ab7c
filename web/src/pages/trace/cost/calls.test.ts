import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisOf, callsOf, nearestCall, thinned } from 'pages/trace/cost/calls';
import { makeSpan } from 'pages/trace/model/spans';
import { buildTree } from 'pages/trace/model/tree';

const call = (id: string, at: number, duration_ms: number, cost_usd: number | null, more = {}) =>
  makeSpan(id, 'root', at, {
    kind: 'llm',
    counted: true,
    input_tokens: 100,
    duration_ms,
    cost_usd,
    ...more,
  });

const tree = buildTree([
  makeSpan('root', null, 0, { kind: 'agent', duration_ms: 500, cost_usd: 9 }),
  // Began first, ends last.
  call('long', 1, 400, 1, { agent: 'a', cache_read_tokens: 900, reasoning_tokens: 7 }),
  call('short', 2, 10, 0.5, { agent: 'a' }),
  call('unknown', 50, 10, null, { agent: 'b' }),
]);

test('money is spent when calls end; what has no price adds nothing', () => {
  const calls = callsOf(tree);
  assert.deepEqual(
    calls.map(({ n, span, endMs, cost, spent }) => [n, span.span_id, endMs, cost, spent]),
    [
      [1, 'short', 12, 0.5, 0.5],
      [2, 'unknown', 60, null, 0.5],
      [3, 'long', 401, 1, 1.5],
    ],
  );
  assert.equal(calls[1]!.provenance, 'unpriced');
  assert.deepEqual(
    calls.map(({ context, grown }) => [context, grown]),
    [
      [100, null],
      [100, null],
      [1000, 900],
    ],
  );
  assert.equal(calls[2]!.tokens.reasoning, 7);
});

test('where there is room for few, those with the most context stay', () => {
  const calls = callsOf(tree);
  assert.equal(thinned(calls, 10).length, 3);
  assert.deepEqual(
    thinned(calls, 2).map(({ call: { n }, of }) => [n, of]),
    [
      [1, 2],
      [3, 1],
    ],
  );
  assert.deepEqual(thinned([], 5), []);
});

test('the call nearest to a moment', () => {
  const calls = callsOf(tree);
  assert.equal(nearestCall(calls, 0)?.n, 1);
  assert.equal(nearestCall(calls, 50)?.n, 2);
  assert.equal(nearestCall(calls, 9999)?.n, 3);
  assert.equal(nearestCall([], 1), null);
});

test('axes end at round numbers', () => {
  assert.deepEqual(axisOf(8), [0, 2, 4, 6, 8]);
  assert.deepEqual(axisOf(0.9), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(axisOf(0), [0, 1]);
});
