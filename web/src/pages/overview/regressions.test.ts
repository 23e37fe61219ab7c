import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, zOfShares, type PromptFigures } from './regressions';

function version(prompt_version: string, more: Partial<PromptFigures> = {}): PromptFigures {
  return {
    prompt_name: 'planner',
    prompt_version,
    first_at: '2026-11-20T10:00:00Z',
    calls: 200,
    errors: 4,
    length_stops: 0,
    invalid_args: 2,
    cost_usd: 2,
    p50_ms: 500,
    ...more,
  } as PromptFigures;
}
const words = (...versions: PromptFigures[]) =>
  compareVersions(versions).map(({ from, to, findings }) =>
    [`${from} → ${to}`, ...findings.map((one) => `${one.worse ? '-' : '+'} ${one.words}`)].join(
      '; ',
    ),
  );

test('the newest version is held against the one before it', () => {
  assert.deepEqual(words(version('9'), version('10'), version('8')), ['9 → 10']);
  const [old, young] = ['2026-11-20T10:00:00Z', '2026-11-20T11:00:00Z'];
  assert.deepEqual(words(version('blue', { first_at: young }), version('red', { first_at: old })), [
    'red → blue',
  ]);
  assert.deepEqual(words(version('1')), []);
});

test('differences are told when chance does not explain them', () => {
  assert.deepEqual(words(version('1'), version('2', { invalid_args: 30 })), [
    '1 → 2; - invalid arguments 1% → 15%',
  ]);
  assert.deepEqual(words(version('1'), version('2', { invalid_args: 5 })), ['1 → 2']);
  assert.deepEqual(words(version('1'), version('2', { cost_usd: 4, p50_ms: 250 })), [
    '1 → 2; - cost a call $0.0100 → $0.0200; + p50 500 ms → 250 ms',
  ]);
});

test('few calls tell nothing', () => {
  const [change] = compareVersions([version('1'), version('2', { calls: 10, errors: 10 })]);
  assert.deepEqual(change!.findings, []);
  assert.equal(change!.few, true);
});

test('what got worse comes first', () => {
  const other = (more: Partial<PromptFigures>) => ({ ...more, prompt_name: 'writer' });
  const changes = compareVersions([
    version('1'),
    version('2'),
    version('1', other({})),
    version('2', other({ errors: 90 })),
  ]);
  assert.deepEqual(
    changes.map(({ prompt }) => prompt),
    ['writer', 'planner'],
  );
});

test('shares apart, in standard errors', () => {
  assert.equal(zOfShares(0, 100, 0, 100), 0);
  assert.ok(Math.abs(zOfShares(10, 100, 20, 100) - 1.98) < 0.01);
});
