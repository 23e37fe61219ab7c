import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatCost,
  formatCostExact,
  formatCount,
  formatDuration,
  formatAgo,
  formatInt,
  formatPercent,
  formatTime,
  parseTime,
  UNKNOWN,
} from 'base/format';

test('durations keep three digits and never jump to a wrong unit', () => {
  const cases: [number | null | undefined, string][] = [
    [null, UNKNOWN],
    [undefined, UNKNOWN],
    [Number.NaN, UNKNOWN],
    [0, '0 ms'],
    [0.012, '12 µs'],
    [0.4, '0.4 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [862.5, '863 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1_240, '1.24 s'],
    [9_994, '9.99 s'],
    [59_949, '59.9 s'],
    [59_960, '1 m 00 s'],
    [123_400, '2 m 03 s'],
    [3_599_400, '59 m 59 s'],
    [3_600_000, '1 h 00 m'],
    [90_000_000, '25 h 00 m'],
    [-5, '-5.0 ms'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text, String(ms));
});

test('cost: unknown is not zero, and small sums do not vanish', () => {
  const cases: [number | null, string][] = [
    [null, UNKNOWN],
    [0, '$0'],
    [0.000000001, '$0.000000001'],
    [0.0000042, '$0.0000042'],
    [0.00067, '$0.0007'],
    [0.0061, '$0.0061'],
    [1.2, '$1.2000'],
    [12.3, '$12.30'],
    [1204.4, '$1,204'],
  ];
  for (const [usd, text] of cases) assert.equal(formatCost(usd), text, String(usd));
});

test('cost to the last digit', () => {
  assert.equal(formatCostExact(0.000063), '$0.000063');
  assert.equal(formatCostExact(0.00005), '$0.00005');
  assert.equal(formatCostExact(1.2), '$1.2000');
  assert.equal(formatCostExact(12.000000001), '$12.000000001');
  assert.equal(formatCostExact(0), '$0');
  assert.equal(formatCostExact(null), UNKNOWN);
});

test('counts, bytes and thousands', () => {
  assert.equal(formatInt(0), '0');
  assert.equal(formatInt(1_234_567), '1,234,567');
  assert.equal(formatCount(99_999), '99,999');
  assert.equal(formatCount(123_456), '123k');
  assert.equal(formatCount(999_600), '1.00M');
  assert.equal(formatCount(45_600_000), '45.6M');
  assert.equal(formatCount(7_200_000_000), '7.20B');
  assert.equal(formatBytes(1023), '1023 B');
  assert.equal(formatBytes(1536), '1.5 KB');
  assert.equal(formatBytes(130_000), '127 KB');
  assert.equal(formatBytes(16 * 1024 * 1024), '16 MB');
});

test('times of the API have nanoseconds', () => {
  assert.equal(parseTime('2026-11-20T09:52:13.172999999Z'), Date.UTC(2026, 10, 20, 9, 52, 13, 172));
  const now = new Date(2026, 10, 20, 12);
  const at = (...parts: [number, number, number, number, number]) =>
    new Date(...parts).toISOString();
  assert.equal(formatTime(at(2026, 10, 20, 9, 5), now), '09:05:00');
  assert.equal(formatTime(at(2026, 10, 19, 9, 5), now), 'Nov 19 09:05:00');
  assert.equal(formatTime(at(2025, 0, 2, 9, 5), now), 'Jan 02 2025 09:05:00');
  assert.equal(formatTime('no time', now), 'no time');
});

test('shares of one', () => {
  const cases: [number | null, string][] = [
    [null, UNKNOWN],
    [0, '0%'],
    [0.0004, '0.04%'],
    [0.032, '3.2%'],
    [0.03, '3%'],
    [0.57, '57%'],
    [0.9997, '99.97%'],
    [1, '100%'],
    [1.5, '150%'],
    [-0.032, '-3.2%'],
  ];
  for (const [share, text] of cases) assert.equal(formatPercent(share), text, String(share));
});

test('how long ago', () => {
  const now = Date.UTC(2026, 10, 20);
  const cases: [number, string][] = [
    [3, 'just now'],
    [45, '45 s ago'],
    [250, '4 min ago'],
    [3 * 3_600, '3 h ago'],
    [50 * 3_600, '2 d ago'],
    [-300, 'in 5 min'],
  ];
  for (const [seconds, text] of cases) assert.equal(formatAgo(now - seconds * 1000, now), text);
});
