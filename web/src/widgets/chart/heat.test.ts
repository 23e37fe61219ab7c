import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparkPath } from './Sparkline';
import {
  bandsOf,
  cellsOf,
  heatOf,
  labelledColumns,
  labelledRows,
  maxCount,
  rangeOf,
  type HeatData,
} from './heat';

const DATA: HeatData = {
  times: [1000, 2000, 3000],
  stepMs: 1000,
  edges: [0, 10, 100],
  counts: [
    [1, 0, 5],
    [0, 2, 0],
    [0, 0, 1000],
  ],
};

test('a rectangle of cells, whichever way it was dragged', () => {
  const whole = { fromMs: 1000, toMs: 3000, low: 0, high: 100, count: 3 };
  assert.deepEqual(cellsOf(DATA, { column0: 0, column1: 1, row0: 0, row1: 1 }), whole);
  assert.deepEqual(cellsOf(DATA, { column0: 1, column1: 0, row0: 1, row1: 0 }), whole);
  const top = cellsOf(DATA, { column0: 2, column1: 2, row0: 2, row1: 2 });
  assert.deepEqual(top, { fromMs: 3000, toMs: 4000, low: 100, high: null, count: 1000 });
});

test('colours grow with the logarithm, and one call is seen', () => {
  assert.equal(maxCount(DATA), 1000);
  assert.equal(heatOf(0, 1000), 0);
  assert.equal(heatOf(1, 1000), 0.15);
  assert.equal(heatOf(1000, 1000), 1);
  assert.equal(heatOf(1, 1), 1);
});

test('what was chosen is found again among other cells', () => {
  const chosen = { fromMs: 1000, toMs: 3000, low: 10, high: null };
  assert.deepEqual(rangeOf(DATA, chosen), { column0: 0, column1: 1, row0: 1, row1: 2 });
  // Half a step later: cells that it covers in part.
  const later = { ...DATA, times: [1500, 2500, 3500] };
  assert.deepEqual(rangeOf(later, chosen), { column0: 0, column1: 1, row0: 1, row1: 2 });
  assert.equal(rangeOf(DATA, { ...chosen, fromMs: 9000, toMs: 9500 }), null);
  assert.equal(rangeOf({ ...DATA, edges: [], counts: [[], [], []] }, chosen), null);
});

test('rows are taken together for a table', () => {
  assert.deepEqual(bandsOf(DATA, 2), [
    { row0: 0, row1: 1, low: 0, high: 100 },
    { row0: 2, row1: 2, low: 100, high: null },
  ]);
  assert.equal(bandsOf(DATA, 8).length, 3);
});

test('labels do not touch', () => {
  assert.deepEqual(labelledRows(4, 80, 20), [0, 1, 2, 3]);
  assert.deepEqual(labelledRows(8, 80, 20), [0, 2, 4, 6]);
});

test('times below the map: each so many, or where a day begins', () => {
  const from = new Date(2026, 0, 14, 10).getTime();
  const map = (columns: number, stepMs: number): HeatData => ({
    times: Array.from({ length: columns }, (_, i) => from + i * stepMs),
    stepMs,
    edges: [],
    counts: [],
  });
  const HOUR = 3_600_000;
  assert.deepEqual(labelledColumns(map(12, HOUR), 5), [0, 5, 10]);
  // Midnights are 14, 38 and 62 hours later; with steps of 4 hours in columns 3, 9 and 15.
  assert.deepEqual(labelledColumns(map(18, 4 * HOUR), 2), [3, 9, 15]);
  assert.deepEqual(labelledColumns(map(18, 4 * HOUR), 7), [3, 15]);
});

test('a sparkline has gaps, and single values are seen', () => {
  assert.equal(sparkPath([0, 10], 10, 12), 'M0.0 11.0L10.0 1.0');
  assert.equal(sparkPath([10, null, 10], 10, 12), 'M0.0 1.0h1M10.0 1.0h1');
  assert.equal(sparkPath([null, null], 10, 12), '');
});
