import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newcombe, wilson } from './proportions';

const close = (seen: { low: number; high: number }, low: number, high: number) => {
  assert.ok(Math.abs(seen.low - low) < 6e-5, `${seen.low} is not ${low}`);
  assert.ok(Math.abs(seen.high - high) < 6e-5, `${seen.high} is not ${high}`);
};
const Z95 = 1.959964;

test('the score interval of one share', () => {
  close(wilson({ hits: 81, trials: 263 }, Z95), 0.2553, 0.3662);
  close(wilson({ hits: 15, trials: 148 }, Z95), 0.0624, 0.1605);
  close(wilson({ hits: 0, trials: 20 }, Z95), 0, 0.1611);
  close(wilson({ hits: 1, trials: 29 }, Z95), 0.0061, 0.1718);
});

// Newcombe's own examples, table II of the article, method 10.
test('the interval of a difference', () => {
  const of = (a: [number, number], b: [number, number]) =>
    newcombe({ hits: b[0], trials: b[1] }, { hits: a[0], trials: a[1] }, Z95);
  close(of([56, 70], [48, 80]), 0.0524, 0.3339);
  close(of([9, 10], [3, 10]), 0.1705, 0.809);
  close(of([6, 7], [2, 7]), 0.0582, 0.8062);
  close(of([5, 56], [0, 29]), -0.0381, 0.1926);
  close(of([0, 10], [0, 20]), -0.1611, 0.2775);
  close(of([0, 10], [0, 10]), -0.2775, 0.2775);
  close(of([10, 10], [0, 20]), 0.6791, 1);
  close(of([10, 10], [0, 10]), 0.6075, 1);
});
