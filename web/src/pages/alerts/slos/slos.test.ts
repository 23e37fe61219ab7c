import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  badFilter,
  badLeft,
  burnLimits,
  burnOf,
  chosenSlo,
  exhaustionWords,
  mergePoints,
  objectiveWords,
  pointsWithin,
  type Slo,
  type SloPoint,
} from './objective';

function slo(objective: Partial<Slo['objective']>, more: Partial<Slo> = {}): Slo {
  return {
    name: 'one',
    state: 'ok',
    valid: 1000,
    good: 995,
    bad: 5,
    target: 0.99,
    window_s: 2_592_000,
    budget_left: 0.5,
    burn: 0.5,
    time_to_exhaust_s: null,
    objective: {
      kind: 'ratio',
      filter: null,
      good: null,
      threshold: null,
      score: null,
      exclude: [],
      count: 'outcomes',
      ...objective,
    },
    ...more,
  } as Slo;
}

test('an objective in words', () => {
  assert.equal(
    objectiveWords(slo({ filter: 'kind = agent', good: 'status != error' })),
    '99% of spans with kind = agent have status != error, over 30 d',
  );
  assert.equal(objectiveWords(slo({})), '99% of model calls do not fail, over 30 d');
  assert.equal(
    objectiveWords(slo({ kind: 'ttft', threshold: 1500 })),
    '99% of model calls answer their first token within 1.50 s, over 30 d',
  );
  assert.equal(
    objectiveWords(slo({ kind: 'cost_per_success', threshold: 0.05 })),
    '99% of runs succeed for at most $0.0500, over 30 d',
  );
});

test('what is bad, as a filter', () => {
  assert.equal(badFilter(slo({})), '(kind = llm) AND status = error');
  assert.equal(
    badFilter(slo({ filter: 'a = 1 OR b = 2', good: 'status != error' })),
    '(a = 1 OR b = 2) AND NOT (status != error)',
  );
  assert.equal(
    badFilter(slo({ kind: 'latency', filter: 'kind = tool', threshold: 2000 })),
    '(kind = tool) AND (duration > 2000ms OR error_category = timeout)',
  );
  assert.equal(badFilter(slo({ kind: 'score', score: 'helpful' })), null);
});

test('when the budget is spent', () => {
  assert.equal(badLeft(slo({})), 5);
  assert.match(exhaustionWords(slo({})), /it lasts. 5 more bad events may come/);
  assert.match(exhaustionWords(slo({}, { time_to_exhaust_s: 180_000 })), /spent in 50 h 00 m/);
  assert.match(
    exhaustionWords(slo({}, { bad: 13, budget_left: -0.3 })),
    /Spent: 3 events more were bad/,
  );
  assert.match(exhaustionWords(slo({}, { budget_left: null })), /Nothing was counted/);
  assert.match(exhaustionWords(slo({}, { state: 'error', error: 'no disk' })), /no disk/);
});

test('burn of a step, and unknown where nothing was valid', () => {
  const point = (valid: number, bad: number) => ({ valid, bad }) as SloPoint;
  assert.ok(Math.abs(burnOf(point(100, 10), 0.99)! - 10) < 1e-9);
  assert.equal(burnOf(point(0, 0), 0.99), null);
});

test('the window of the page, as far as the history is fine enough', () => {
  const history = Array.from({ length: 48 }, (_, hour) => ({
    from: new Date(hour * 3_600_000).toISOString(),
    to: new Date((hour + 1) * 3_600_000).toISOString(),
  })) as SloPoint[];
  const hours = (a: number, b: number) => ({ fromMs: a * 3_600_000, toMs: b * 3_600_000 });
  assert.equal(pointsWithin(history, hours(24, 48)).length, 24);
  assert.equal(pointsWithin(history, hours(47, 48)).length, 48);
});

test('steps that are too fine become fewer', () => {
  const points = Array.from({ length: 10 }, (_, i) => ({
    from: String(i),
    to: String(i + 1),
    valid: 10,
    good: 9,
    bad: 1,
    budget_left: 1 - i / 10,
  })) as SloPoint[];
  const merged = mergePoints(points, 4);
  assert.deepEqual(
    merged.map(({ from, to, valid, bad }) => [from, to, valid, bad]),
    [
      ['0', '3', 30, 3],
      ['3', '6', 30, 3],
      ['6', '9', 30, 3],
      ['9', '10', 10, 1],
    ],
  );
  assert.equal(merged[0]!.budget_left, 0.8);
  assert.equal(mergePoints(points, 10), points);
});

test('lines across the burn, and which objective is open', () => {
  const rule = (severity: string, factor: number, reachable = true) =>
    ({ severity, factor, reachable }) as never;
  assert.deepEqual(
    burnLimits([rule('page', 14.4), rule('page', 10), rule('warning', 2), rule('page', 1, false)]),
    [
      { severity: 'page', factor: 10 },
      { severity: 'warning', factor: 2 },
    ],
  );
  const list = [slo({}), slo({}, { name: 'bad', state: 'burning' })];
  assert.equal(chosenSlo(list, undefined)!.name, 'bad');
  assert.equal(chosenSlo(list, 'one')!.name, 'one');
  assert.equal(chosenSlo(list, 'gone')!.name, 'bad');
  assert.equal(chosenSlo([], 'one'), undefined);
});
