import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, draftOf, EMPTY, fieldOf, startsAnew, withScope, yamlOf } from './draft';
import {
  appliesTo,
  blockedFilter,
  lengthText,
  shareOf,
  spentAt,
  stateOf,
  windowWords,
  worstOf,
  type Budget,
  type Counter,
} from './state';

const counter = (more: Partial<Counter> = {}): Counter => ({
  value: '',
  limit_usd: 10,
  spent_usd: 0,
  reserved_usd: 0,
  leased_usd: 0,
  elsewhere_usd: 0,
  overshoot_usd: 0,
  calls: 0,
  in_flight: 0,
  refused: 0,
  window_start: '2026-11-20T00:00:00Z',
  window_end: '2026-11-21T00:00:00Z',
  disabled: false,
  why: null,
  ...more,
});

const budget = (more: Partial<Budget> = {}): Budget => ({
  id: 'daily',
  scope: 'global',
  match: '*',
  per: 'all',
  window: 'day',
  timezone: 'UTC',
  limit_usd: 10,
  hard: true,
  mode: 'strict',
  on_exceed: 'refuse',
  unknown_price: 'refuse',
  source: 'api',
  disabled: false,
  why: null,
  spent_usd: 0,
  reserved_usd: 0,
  overshoot_usd: 0,
  refused: 0,
  counters_total: 0,
  counters_disabled: 0,
  counters: [],
  ...more,
});

test('a budget is as far as the worst of its counters', () => {
  const two = [
    counter({ value: 'a', spent_usd: 6 }),
    counter({ value: 'b', spent_usd: 5, limit_usd: 6 }),
  ];
  const many = budget({
    scope: 'user',
    per: 'each',
    counters: two,
    counters_total: 2,
    spent_usd: 11,
  });
  assert.equal(worstOf(many)?.value, 'b');
  assert.equal(shareOf(many), 5 / 6);
  assert.equal(shareOf(budget()), 0);
  // Those who may not see whose counters there are do not see how far they are.
  assert.equal(shareOf(budget({ counters_total: 3 })), null);
});

test('its state is the worst that can be said of it', () => {
  const at = (spent_usd: number, more: Partial<Budget> = {}) =>
    stateOf(budget({ counters: [counter({ spent_usd })], counters_total: 1, ...more })).word;
  assert.equal(at(1), 'within limit');
  assert.equal(at(8), 'nearly spent');
  assert.equal(at(10), 'exhausted');
  assert.equal(at(11, { hard: false }), 'exceeded');
  assert.equal(at(1, { counters_disabled: 2 }), '2 stopped');
  assert.equal(at(1, { disabled: true }), 'disabled');
  const refusing = counter({ spent_usd: 5, refused: 1 });
  assert.equal(stateOf(budget({ counters: [refusing], counters_total: 1 })).word, 'refuses calls');
  assert.equal(
    stateOf(budget({ limit_usd: 0, counters: [counter({ limit_usd: 0 })] })).word,
    'within limit',
  );
});

test('when it will be spent, once enough has passed to say', () => {
  const noon = Date.UTC(2026, 10, 20, 12);
  const at = (spent_usd: number, nowMs = noon) => spentAt(counter({ spent_usd }), budget(), nowMs);
  assert.equal(at(8), Date.UTC(2026, 10, 20, 15));
  assert.equal(at(4), null, 'it lasts to the end of the window');
  assert.equal(at(10), null, 'it is spent already');
  assert.equal(at(9, Date.UTC(2026, 10, 20, 0, 30)), null, 'half an hour is too little');
  assert.equal(spentAt(counter({ spent_usd: 8 }), budget({ window: 'rolling' }), noon), null);
});

test('whom it is over, in words', () => {
  assert.equal(appliesTo(budget()), 'everything');
  assert.equal(appliesTo(budget({ scope: 'user', per: 'each' })), 'each user');
  assert.equal(
    appliesTo(budget({ scope: 'feature', match: 'chat*', project: 'shop' })),
    'all features together, chat*, in project shop',
  );
  assert.equal(windowWords(budget({ window: 'hour' })), 'an hour');
  assert.equal(windowWords(budget({ window: 'rolling', length: '129600000ms' })), 'any 36h');
});

test('lengths as people write them', () => {
  const cases = [
    ['129600000ms', '36h'],
    ['86400000ms', '24h'],
    ['172800000ms', '2d'],
    ['90000ms', '90s'],
    ['36h', '36h'],
    ['1h30m', '1h30m'],
    ['', ''],
  ];
  for (const [given, shown] of cases) assert.equal(lengthText(given!), shown);
  const rolling = budget({ window: 'rolling', length: '129600000ms' });
  assert.equal(startsAnew(rolling, draftOf(rolling)), false);
  assert.equal(startsAnew(rolling, { ...draftOf(rolling), length: '12h' }), true);
});

test('the filter for what it blocked means this id only', () => {
  assert.equal(blockedFilter('a.b'), 'attr.pitot.budget ~ "^a\\.b "');
});

test('the server is sent what has a meaning only', () => {
  const run = bodyOf({ ...withScope(EMPTY, 'trace'), id: ' run ', limit: 1 });
  assert.equal(run.id, 'run');
  assert.equal(run.per, 'each');
  assert.equal('window' in run, false);
  const soft = bodyOf({ ...EMPTY, id: 'x', limit: 1, mode: 'expected', on_exceed: 'cut' });
  assert.equal(soft.mode, 'strict');
  assert.equal(soft.on_exceed, 'refuse');
  assert.equal('per' in soft, false);
});

test('lines for the file have what differs from the defaults', () => {
  assert.equal(
    yamlOf({ ...EMPTY, id: 'daily', limit: 50 }),
    'gateway:\n  budgets:\n    - {id: daily, scope: global, window: day, limit_usd: 50}',
  );
  assert.match(
    yamlOf({ ...EMPTY, id: 'x', limit: 1, scope: 'user', per: 'all', match: 'a: b' }),
    /\{id: x, scope: user, match: "a: b", per: all, window: day, limit_usd: 1\}/,
  );
});

test('a change of the limit keeps the counters, one of the window does not', () => {
  const before = budget();
  assert.equal(startsAnew(before, { ...draftOf(before), limit: 20 }), false);
  assert.equal(startsAnew(before, { ...draftOf(before), window: 'week' }), true);
  const trace = budget({ scope: 'trace', per: 'each', window: 'lifetime' });
  assert.equal(startsAnew(trace, { ...draftOf(trace), hard: false }), false);
});

test('an error stands at its field', () => {
  assert.equal(fieldOf('limit_usd: "x" is not a number of dollars from 0 to 9'), 'limit_usd');
  assert.equal(fieldOf('budget a: length 5s is not from 1m to 366d'), 'length');
  assert.equal(fieldOf('budget id "a b": 1 to 64 letters are expected'), 'id');
  assert.equal(fieldOf('budget daily is defined in pitot.yaml: change it there'), null);
  assert.equal(fieldOf('the server cannot be reached'), null);
});
