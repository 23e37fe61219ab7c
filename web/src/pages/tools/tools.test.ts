import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alike, classFilter, classOf } from './classes';
import { byDrift, scaleOf, shareInterval, type Tool } from './drift';
import { statusShares } from './statuses';

const NONE = { success: 0, error: 0, timeout: 0, rate_limited: 0, invalid_args: 0, blocked: 0 };

function tool(name: string, invalid: number, calls: number, verdict: string | null): Tool {
  const status = { ...NONE, unknown: 0, invalid_args: invalid, success: calls - invalid };
  const share = { ...NONE, unknown: 0, invalid_args: invalid / calls };
  return {
    tool: name,
    calls,
    status,
    share,
    change: verdict && { verdict },
    versions: [{ prompt_version: '1', calls, status, share }],
  } as never;
}

test('the interval of a share', () => {
  const round = ({ low, high }: { low: number; high: number }) =>
    [low, high].map((value) => +value.toFixed(3));
  assert.deepEqual(round(shareInterval(5, 10)), [0.237, 0.763]);
  // None of many is not surely zero, and nothing tells nothing.
  assert.deepEqual(round(shareInterval(0, 100)), [0, 0.037]);
  assert.deepEqual(round(shareInterval(10, 10)), [0.722, 1]);
  assert.deepEqual(shareInterval(0, 0), { low: 0, high: 1 });
});

test('what drifted comes first, then what is refused most', () => {
  const list = [
    tool('calm', 0, 100, 'same'),
    tool('few', 3, 10, 'low_n'),
    tool('drifted', 10, 100, 'schema_drift'),
    tool('worse', 0, 100, 'worse'),
    { ...tool('plain', 50, 100, null), versions: [] },
  ];
  assert.deepEqual(
    byDrift(list).map((one) => one.tool),
    ['drifted', 'worse', 'few', 'calm'],
  );
});

test('one scale for all bars, which few calls do not stretch', () => {
  assert.equal(scaleOf([]), 0.1);
  assert.equal(scaleOf([tool('a', 0, 1000, null)]), 0.1);
  assert.equal(scaleOf([tool('a', 1, 2, null)]), 0.1);
  assert.equal(+scaleOf([tool('a', 50, 100, null)]).toFixed(2), 0.6);
});

test('calls by status over time, as counts and as shares', () => {
  const group = (tool_status: string | null, ...calls: number[]) =>
    ({ key: { tool_status }, other: false, values: { calls } }) as never;
  const answer = {
    starts: ['', '', ''],
    groups: [group('success', 3, 0, 1), group('timeout', 1, 0, 0), group(null, 0, 0, 1)],
  };
  assert.deepEqual(
    [...statusShares(answer, false)],
    [
      ['success', [3, 0, 1]],
      ['timeout', [1, 0, 0]],
      ['unknown', [0, 0, 1]],
    ],
  );
  assert.deepEqual(statusShares(answer, true).get('success'), [0.75, null, 0.5]);
  assert.deepEqual(statusShares(answer, true).get('unknown'), [0, null, 0.5]);
});

test('errors without a class are unknown, to figures and to filters', () => {
  assert.equal(classOf({ key: { error_category: null }, other: false }), 'unknown');
  assert.equal(classOf({ key: { error_category: null }, other: true }), '(other)');
  assert.match(classFilter('unknown'), /error_category = null OR error_category = unknown/);
  assert.equal(classFilter('timeout'), 'status = error AND error_category = timeout');
});

test('errors that say the same stand together', () => {
  const said = (name: string, message: string, at: number) => ({ name, message, at });
  const list = [said('a', 'x', 1), said('a', 'y', 2), said('b', 'x', 3), said('a', 'x', 4)];
  assert.deepEqual(
    alike(list).map((group) => group.map(({ at }) => at)),
    [[1, 4], [2], [3]],
  );
});
