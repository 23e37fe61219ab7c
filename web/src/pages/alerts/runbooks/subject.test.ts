import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterOfSubject, settingWords, targetWords, type Action } from './subject';

test('what a runbook acts on, as a filter and in words', () => {
  assert.equal(
    filterOfSubject({ project: 'default', feature: 'deep research', model: 'gpt-5' }),
    'feature = "deep research" AND model = gpt-5',
  );
  assert.equal(filterOfSubject({ project: 'default', key: 'ab' }), null);
  assert.equal(targetWords({ project: 'p', trace_id: 'ff' }), 'project p, trace ff');
  assert.equal(targetWords({}), 'everything');
});

test('settings that an action has', () => {
  const of = (settings: Action['settings']) => settingWords({ settings } as Action);
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ request_usd: 1.25, calls_per_minute: 3 }), [
    ['Most cost of a call', '$1.2500'],
    ['Calls a minute', '3'],
  ]);
  assert.deepEqual(of({ to_model: 'm', share: 0.1 }), [
    ['To', 'm'],
    ['Share of new runs', '10 %'],
  ]);
});
