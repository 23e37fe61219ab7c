import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTick, formatTimeTick, formatUnit, type Unit } from 'base/units';
import { UNKNOWN } from 'base/format';

test('values in their units', () => {
  const cases: [Unit, number | null, string][] = [
    ['ms', 1_240, '1.24 s'],
    ['usd', 0.0061, '$0.0061'],
    ['share', 0.032, '3.2%'],
    ['count', 123_456, '123k'],
    ['tokens', 12.5, '12.5'],
    ['per_second', 41.237, '41.2/s'],
    ['per_second', 1234.5, '1,235/s'],
    ['ratio', 1.5, '1.5×'],
    ['count', null, UNKNOWN],
  ];
  for (const [unit, value, text] of cases) assert.equal(formatUnit(unit, value), text);
});

test('ticks are short', () => {
  const cases: [Unit, number, string][] = [
    ['ms', 0, '0'],
    ['ms', 250, '250 ms'],
    ['ms', 2_500, '2.5 s'],
    ['ms', 300_000, '5 m'],
    ['usd', 0.5, '$0.5'],
    ['usd', 0.0002, '$0.0002'],
    ['usd', 12_000, '$12k'],
    ['share', 0.25, '25%'],
    ['count', 5_000, '5000'],
    ['tokens', 2_500_000, '2.5M'],
  ];
  for (const [unit, value, text] of cases) assert.equal(formatTick(unit, value), text);
});

test('times beside an axis', () => {
  const at = (...parts: [number, number, number]) => new Date(2026, 10, 20, ...parts).getTime();
  assert.equal(formatTimeTick(at(14, 5, 0), 300_000), '14:05');
  assert.equal(formatTimeTick(at(14, 5, 30), 30_000), '14:05:30');
  assert.equal(formatTimeTick(at(0, 0, 0), 3_600_000), 'Nov 20');
});
