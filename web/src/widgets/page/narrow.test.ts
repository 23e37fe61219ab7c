import assert from 'node:assert/strict';
import { test } from 'node:test';
import { narrowed } from './narrow';

test('a filter is narrowed by one more value', () => {
  assert.equal(narrowed('', 'model', 'gpt-5'), 'model = gpt-5');
  assert.equal(narrowed('kind = llm', 'user_id', 'a b'), 'kind = llm AND user_id = "a b"');
  assert.equal(narrowed('a = 1 or b = 2', 'model', 'x'), '(a = 1 or b = 2) AND model = x');
  assert.equal(narrowed('', 'feature', ''), 'feature = ""');
});
