import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsOf, lengthMs, rangeInText, rangeLabel } from 'base/range';

const NOW = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

test('lengths', () => {
  assert.equal(lengthMs('15m'), 15 * 60_000);
  assert.equal(lengthMs('1.5h'), 1.5 * HOUR_MS);
  assert.equal(lengthMs('2026-11-20'), null);
  assert.equal(lengthMs('h'), null);
});

test('a window ends now, or where it says', () => {
  const cases: [string, string, string | undefined, number, number][] = [
    ['a length', '1h', undefined, NOW - HOUR_MS, NOW],
    ['both ago', '2h', '1h', NOW - 2 * HOUR_MS, NOW - HOUR_MS],
    ['a time', '2026-11-20T10:00:00.123456789Z', undefined, NOW - 2 * HOUR_MS + 123, NOW],
    [
      'two times',
      '2026-11-20T09:00:00Z',
      '2026-11-20T10:00:00Z',
      NOW - 3 * HOUR_MS,
      NOW - 2 * HOUR_MS,
    ],
    ['nonsense', 'x', 'y', NOW - 24 * HOUR_MS, NOW],
  ];
  for (const [why, since, until, fromMs, toMs] of cases) {
    assert.deepEqual(boundsOf(since, until, NOW), { fromMs, toMs }, why);
  }
});

test('a window in words', () => {
  const now = new Date(2026, 10, 20, 12);
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
  assert.equal(rangeLabel('1h', undefined, now), 'Last hour');
  assert.equal(rangeLabel('2h', undefined, now), 'Last 2h');
  assert.equal(rangeLabel(at(20, 9), undefined, now), 'Since 09:00:00');
  assert.equal(rangeLabel(at(20, 9), at(20, 10), now), '09:00:00 to 10:00:00');
  assert.equal(rangeLabel(at(19, 9), at(19, 10), now), 'Nov 19 09:00:00 to 10:00:00');
  assert.equal(rangeLabel(at(18, 9), at(19, 10), now), 'Nov 18 09:00:00 to Nov 19 10:00:00');
});

test('a window within a sentence', () => {
  const now = new Date(2026, 8, 20, 12);
  const at = (day: number) => new Date(2026, 8, day, 9).toISOString();
  assert.equal(rangeInText('1h', undefined, now), 'last hour');
  assert.equal(rangeInText(at(20), undefined, now), 'since 09:00:00');
  assert.equal(rangeInText(at(18), at(19), now), 'Sep 18 09:00:00 to Sep 19 09:00:00');
});
