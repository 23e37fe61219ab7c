import assert from 'node:assert/strict';
import { test } from 'node:test';
import { largest, stack, summaryOf, type ChartSeries } from './series';

const series = (name: string, ...values: (number | null)[]): ChartSeries => ({
  name,
  values,
  color: 'red',
});

test('series stand on each other; hidden ones and what is unknown leave no gap', () => {
  const list = [series('a', 1, 2, null), series('b', 10, null, 30), series('c', 5, 5, 5)];
  assert.deepEqual(stack(list, new Set()), [
    [1, 2, 0],
    [11, 2, 30],
    [16, 7, 35],
  ]);
  assert.deepEqual(stack(list, new Set(['b'])), [
    [1, 2, 0],
    [null, null, null],
    [6, 7, 5],
  ]);
});

test('the largest, and a summary', () => {
  assert.equal(largest([[1, null, 7], [3]]), 7);
  assert.equal(largest([[null]]), 0);
  assert.deepEqual(summaryOf([3, null, 1, null]), { min: 1, max: 3, last: 1 });
  assert.deepEqual(summaryOf([null]), { min: null, max: null, last: null });
});
