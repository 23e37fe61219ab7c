import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveColumn, readColumns } from './choice';

const KNOWN = ['name', 'cost', 'user', 'spans'];
const read = (text: string | null) => readColumns(text, KNOWN, 'name', ['name', 'cost']);

test('columns stand as chosen, the name first', () => {
  assert.deepEqual(read('user,cost'), ['name', 'user', 'cost']);
  assert.deepEqual(read('user,name,cost,user'), ['name', 'user', 'cost']);
});

test('what is not known is left out; nothing chosen means the usual ones', () => {
  assert.deepEqual(read('user,prompt'), ['name', 'user']);
  for (const text of [null, '', 'prompt', 'name']) assert.deepEqual(read(text), ['name', 'cost']);
});

test('a column moves by one, never before the first', () => {
  const ids = ['name', 'cost', 'user'];
  assert.deepEqual(moveColumn(ids, 'user', -1), ['name', 'user', 'cost']);
  assert.deepEqual(moveColumn(ids, 'cost', 1), ['name', 'user', 'cost']);
  for (const [id, by] of [
    ['cost', -1],
    ['user', 1],
    ['name', 1],
    ['none', 1],
  ] as const) {
    assert.deepEqual(moveColumn(ids, id, by), ids);
  }
});
