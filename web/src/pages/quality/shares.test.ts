import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharesOf } from './shares';

test('shares sum up to one, and are unknown where nothing was', () => {
  const series = (name: string, ...values: (number | null)[]) => ({ name, color: 'red', values });
  assert.deepEqual(
    sharesOf([series('a', 1, 0, null), series('b', 3, 0, 2)]).map(({ values }) => values),
    [
      [0.25, null, 0],
      [0.75, null, 1],
    ],
  );
  assert.deepEqual(sharesOf([]), []);
});
