import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepKey, type KeyPress } from 'app/keys';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  modified: false,
  typing: false,
  taken: false,
  ...more,
});

test('g waits for the key of a place', () => {
  assert.deepEqual(stepKey(press('g'), false), { do: 'wait' });
  assert.deepEqual(stepKey(press('t'), true), { do: 'go', key: 't' });
  assert.deepEqual(stepKey(press('g'), true), { do: 'go', key: 'g' });
  assert.deepEqual(stepKey(press('t'), false), { do: 'nothing' });
});

test('the filter and the help', () => {
  assert.deepEqual(stepKey(press('/'), false), { do: 'filter' });
  assert.deepEqual(stepKey(press('?'), false), { do: 'help' });
});

test('keys that are text, the browser’s own, or taken do nothing', () => {
  for (const more of [{ typing: true }, { modified: true }, { taken: true }]) {
    for (const key of ['g', '/', '?']) {
      assert.deepEqual(stepKey(press(key, more), false), { do: 'nothing' }, key);
    }
    assert.deepEqual(stepKey(press('t', more), true), { do: 'nothing' });
  }
});
