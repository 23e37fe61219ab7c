import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trace } from 'api/types';
import { addGap, mergeTraces, reaches, shownStatus } from './rows';

function trace(id: string, started_at: string, more: Partial<Trace> = {}): Trace {
  return {
    trace_id: id,
    started_at,
    root_name: id,
    duration_ms: 1_000,
    status: 'unset',
    orphans: 0,
    ...more,
  } as Trace;
}

const T = (second: number) => `2026-11-20T10:00:${String(second).padStart(2, '0')}.000000000Z`;

test('newer rows replace and join, each trace once, newest first', () => {
  const pages = [trace('c', T(30)), trace('b', T(20)), trace('a', T(10))];
  const fresh = new Map([
    ['d', trace('d', T(40))],
    ['b', trace('b', T(20), { spans: 7 })],
  ]);
  const rows = mergeTraces(pages, fresh);
  assert.deepEqual(
    rows.map((row) => row.trace_id),
    ['d', 'c', 'b', 'a'],
  );
  assert.equal(rows[2]!.spans, 7);
  assert.equal(mergeTraces(pages, new Map()), pages);
});

test('an earlier span that arrives late moves a trace down', () => {
  const rows = mergeTraces(
    [trace('b', T(30)), trace('a', T(20))],
    new Map([['b', trace('b', T(10))]]),
  );
  assert.deepEqual(
    rows.map((row) => row.trace_id),
    ['a', 'b'],
  );
});

test('a trace without its root runs while its spans come', () => {
  const ended = Date.parse(T(31));
  const open = trace('a', T(30), { orphans: 2 });
  assert.equal(shownStatus(open, undefined, ended + 1_000), 'running');
  assert.equal(shownStatus(open, undefined, ended + 600_000), 'unset');
  assert.equal(shownStatus(open, ended + 590_000, ended + 600_000), 'running');
  assert.equal(shownStatus(trace('a', T(30)), ended, ended), 'unset');
  assert.equal(
    shownStatus(trace('a', T(30), { status: 'running' }), undefined, ended + 1e9),
    'running',
  );
});

test('a page of newer rows closes the gap when it meets a known one or is the last', () => {
  const known = new Set(['a']);
  assert.equal(reaches({ traces: [trace('b', T(1)), trace('a', T(0))], next: 'x' }, known), true);
  assert.equal(reaches({ traces: [trace('b', T(1))], next: 'x' }, known), false);
  assert.equal(reaches({ traces: [trace('b', T(1))], next: null }, known), true);
});

test('gaps add up while their sizes are known', () => {
  const gap = (lost: number | null) => ({ lost, reason: 'slow' });
  assert.deepEqual(addGap(null, gap(2)), gap(2));
  assert.deepEqual(addGap(gap(2), gap(3)), gap(5));
  assert.deepEqual(addGap(gap(2), gap(null)), gap(null));
  assert.deepEqual(addGap(gap(null), gap(3)), gap(null));
});
