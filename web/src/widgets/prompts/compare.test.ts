import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, describeDifference, differenceOf, MEASURES } from './compare';
import { figuresOf, type VersionFigures } from './figures';

function version(name: string, more: Partial<VersionFigures> = {}): VersionFigures {
  return {
    prompt: 'planner',
    version: name,
    firstAt: '2026-11-20T10:00:00Z',
    lastAt: '2026-11-20T12:00:00Z',
    runs: 100,
    calls: 200,
    callErrors: 4,
    lengthStops: 0,
    invalidArgs: 1,
    toolCalls: 100,
    toolErrors: 2,
    costUsd: 2,
    unpricedCalls: 0,
    tokens: 1000,
    p50Ms: 500,
    p99Ms: 900,
    failedRuns: null,
    refusals: null,
    ...more,
  };
}
const words = (...versions: VersionFigures[]) =>
  compareVersions(versions).map(({ from, to, findings }) =>
    [`${from} → ${to}`, ...findings.map((one) => `${one.worse ? '-' : '+'} ${one.words}`)].join(
      '; ',
    ),
  );

test('the newest version is held against the one before it', () => {
  assert.deepEqual(words(version('9'), version('10'), version('8')), ['9 → 10']);
  const [old, young] = ['2026-11-20T10:00:00Z', '2026-11-20T11:00:00Z'];
  assert.deepEqual(words(version('blue', { firstAt: young }), version('red', { firstAt: old })), [
    'red → blue',
  ]);
  assert.deepEqual(words(version('1')), []);
});

test('differences are told when chance does not explain them', () => {
  assert.deepEqual(words(version('1'), version('2', { invalidArgs: 15 })), [
    '1 → 2; - invalid arguments 1% → 15%',
  ]);
  assert.deepEqual(words(version('1'), version('2', { invalidArgs: 5 })), ['1 → 2']);
  assert.deepEqual(words(version('1'), version('2', { costUsd: 4, p50Ms: 250 })), [
    '1 → 2; - cost a run $0.0200 → $0.0400; + p50 500 ms → 250 ms',
  ]);
});

test('few calls tell nothing', () => {
  const few = { runs: 5, calls: 10, callErrors: 10, toolCalls: 3, invalidArgs: 3 };
  const [change] = compareVersions([version('1'), version('2', few)]);
  assert.deepEqual(change!.findings, []);
  assert.equal(change!.few, true);
});

test('what is not known of both is not compared', () => {
  const of = (id: string, before: VersionFigures, after: VersionFigures) =>
    differenceOf(
      MEASURES.find((one) => one.id === id)!,
      before,
      after,
    );
  assert.equal(of('failed_runs', version('1'), version('2')).verdict, 'unknown');
  const unpriced = version('2', { unpricedCalls: 1, costUsd: 9 });
  assert.equal(of('cost', version('1'), unpriced).verdict, 'unknown');
  assert.equal(of('invalid_args', version('1'), version('2', { toolCalls: 0 })).verdict, 'unknown');
});

test('a count that is a moment younger than what it is of is no more than all', () => {
  const measure = MEASURES.find(({ id }) => id === 'invalid_args')!;
  const { after, interval } = differenceOf(
    measure,
    version('1'),
    version('2', { toolCalls: 30, invalidArgs: 31 }),
  );
  assert.equal(after, '100%');
  assert.ok(interval!.low > 0 && interval!.high <= 1);
});

test('the same is told only of enough calls', () => {
  const verdict = (id: string, before: Partial<VersionFigures>, after: Partial<VersionFigures>) =>
    differenceOf(
      MEASURES.find((one) => one.id === id)!,
      version('1', before),
      version('2', after),
    ).verdict;
  assert.equal(verdict('invalid_args', {}, { toolCalls: 25, invalidArgs: 0 }), 'few');
  assert.equal(verdict('invalid_args', {}, { toolCalls: 300, invalidArgs: 4 }), 'same');
  assert.equal(verdict('p99', { p99Ms: 100 }, { p99Ms: 900 }), 'few');
  assert.equal(verdict('p99', { p99Ms: 100, calls: 600 }, { p99Ms: 900, calls: 600 }), 'worse');
});

test('a difference in words', () => {
  const of = (id: string, more: Partial<VersionFigures>) =>
    describeDifference(
      differenceOf(
        MEASURES.find((one) => one.id === id)!,
        version('1'),
        version('2', more),
      ),
    );
  assert.equal(of('invalid_args', { invalidArgs: 15 }), '+14 points (4.1 to 25)');
  assert.equal(of('cost', { costUsd: 4 }), '+100%');
  assert.equal(of('cost', { costUsd: 1.8 }), '\u221210%');
  assert.equal(of('errors', {}), '0 points (\u22124.7 to 4.7)');
  assert.equal(of('invalid_args', { toolCalls: 7 }), 'only 7 tool calls');
  assert.equal(of('failed_runs', {}), 'not known of both');
});

test('what got worse comes first', () => {
  const other = { prompt: 'writer' };
  const changes = compareVersions([
    version('1'),
    version('2'),
    version('1', other),
    version('2', { ...other, callErrors: 90 }),
  ]);
  assert.deepEqual(
    changes.map(({ prompt }) => prompt),
    ['writer', 'planner'],
  );
});

test('tool calls come from the series; without it they are not known', () => {
  const prompts = ['1', '2'].map((prompt_version) => ({ prompt_name: 'p', prompt_version }));
  const group = {
    key: { prompt_name: 'p', prompt_version: '1' },
    other: false,
    values: { calls: [3, 4], errors: [1, 0] },
  };
  const figures = (groups: object[] | null) =>
    figuresOf(prompts as never, (groups ? { groups } : undefined) as never).map((one) => [
      one.toolCalls,
      one.toolErrors,
    ]);
  assert.deepEqual(figures(null), [
    [null, null],
    [null, null],
  ]);
  assert.deepEqual(figures([group]), [
    [7, 1],
    [0, 0],
  ]);
  assert.deepEqual(figures([group, { ...group, other: true }])[1], [null, null]);
});
