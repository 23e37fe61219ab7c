import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf, windowBefore } from './before';
import { dayBounds, daySeries, daysOf, onlyGroups } from './days';
import { byOf, byWith, dimensionsOf, stackedBy } from './dimensions';
import { priceLines } from './provenance';
import { cacheHit, keyOf, perCall, type CostGroup } from './rows';
import { frameNames, frameOf, frameText, narrowOf, ownCost, type CostNode } from './tree';

test('the window before is as long, and a live one stays live', () => {
  const now = Date.UTC(2026, 10, 20, 12, 0, 30);
  assert.deepEqual(windowBefore('24h', undefined, now), { since: '172800s', until: '86400s' });
  assert.deepEqual(windowBefore('2026-11-20T10:00:00Z', '2026-11-20T11:00:00Z', now), {
    since: '2026-11-20T09:00:00.000Z',
    until: '2026-11-20T10:00:00.000Z',
  });
  // One that begins at a time and ends now is asked for once a minute, not at each moment.
  assert.deepEqual(
    windowBefore('2026-11-20T10:00:00Z', undefined, now),
    windowBefore('2026-11-20T10:00:00Z', undefined, now + 20_000),
  );
});

test('a change needs something to compare with', () => {
  assert.equal(changeOf(3, 2), 0.5);
  assert.equal(changeOf(3, 0), null);
  assert.equal(changeOf(3, null), null);
  assert.equal(changeOf(null, 2), null);
});

test('what the address says to group by', () => {
  assert.deepEqual(byOf(undefined), ['feature']);
  assert.deepEqual(byOf('model,user_id,model,day,agent'), ['model', 'user_id', 'day']);
  assert.deepEqual(byOf('attr.x,<b>'), ['feature']);
  assert.equal(stackedBy(['day', 'model']), 'model');
  assert.equal(stackedBy(['day']), undefined);
});

test('a field is chosen at its place and never twice', () => {
  assert.deepEqual(byWith(['feature'], 1, 'model'), ['feature', 'model']);
  assert.deepEqual(byWith(['feature', 'model'], 0, 'model'), ['model']);
  assert.deepEqual(byWith(['feature', 'model', 'day'], 1, 'agent'), ['feature', 'agent', 'day']);
  assert.deepEqual(byWith(['feature', 'model', 'day'], 1, undefined), ['feature']);
});

test('only fields that can be grouped by, and that money stands under', () => {
  const field = (name: string, groupable: boolean) => ({
    name,
    groupable,
    type: 'text',
    description: '',
  });
  const fields = [field('model', true), field('op', false), field('tool_name', true)];
  assert.deepEqual(dimensionsOf(fields as never), ['model', 'day']);
});

const group = (key: CostGroup['key'], cost_usd: number | null, more: object = {}): CostGroup =>
  ({ key, cost_usd, calls: 4, unpriced_calls: 0, ...more }) as CostGroup;

test('what is unknown makes no call cheap', () => {
  assert.equal(perCall(group({}, 3, { unpriced_calls: 1 })), 1);
  assert.equal(perCall(group({}, null, { unpriced_calls: 4 })), null);
  const tokens = { cache_read: 30 };
  assert.equal(cacheHit(group({}, 1, { tokens, input_tokens: 40 })), 0.75);
  assert.equal(cacheHit(group({}, 1, { tokens, input_tokens: 0 })), null);
  assert.notEqual(keyOf({ a: 'x', b: 'y z' }, ['a', 'b']), keyOf({ a: 'x y', b: 'z' }, ['a', 'b']));
});

test('local days', () => {
  const bounds = dayBounds('2026-11-20')!;
  assert.equal(bounds.fromMs, new Date(2026, 10, 20).getTime());
  assert.equal(bounds.toMs, new Date(2026, 10, 21).getTime());
  assert.equal(dayBounds('yesterday'), null);
  const at = (date: number, hour = 0) => new Date(2026, 10, date, hour).getTime();
  assert.deepEqual(daysOf(at(18, 7), at(20, 1)), [at(18), at(19), at(20)]);
});

test('a filter for some groups, the nameless one among them', () => {
  assert.equal(onlyGroups('', 'model', ['a', 'b c']), 'model in (a, "b c")');
  assert.equal(
    onlyGroups('kind = llm', 'model', ['a', '']),
    '(kind = llm) AND (model in (a) OR model = null)',
  );
  assert.equal(onlyGroups('x = 1', 'model', []), 'x = 1');
});

test('days stack to their totals, what is not among the largest is the rest', () => {
  const days = daysOf(new Date(2026, 10, 19).getTime(), new Date(2026, 10, 21).getTime());
  const series = daySeries(
    days,
    'model',
    ['a', ''],
    [
      group({ day: '2026-11-19', model: 'a' }, 2),
      group({ day: '2026-11-20', model: '' }, 1),
      group({ day: '2026-11-20', model: 'a' }, null),
    ],
    [group({ day: '2026-11-19' }, 2.5), group({ day: '2026-11-20' }, 1)],
  );
  assert.deepEqual(
    series.map(({ name, values }) => [name, values]),
    [
      ['a', [2, null]],
      ['(none)', [null, 1]],
      ['(other)', [0.5, 0]],
    ],
  );
});

const node = (
  field: string | null,
  name: string | null,
  cost_usd: number | null,
  children: CostNode[] = [],
): CostNode => ({
  name,
  field,
  cost_usd,
  calls: 2,
  unpriced_calls: cost_usd === null ? 2 : 0,
  ...(name === null && { other: true }),
  children,
});

test('levels without any name are left out of the tree, others keep theirs', () => {
  const root = frameOf(
    node(null, 'total', 3, [
      node('feature', 'chat', 2, [node('agent', '', 2, [node('model', 'gpt', 2)])]),
      node('feature', '', 1, [node('agent', '', 1, [node('model', 'gpt', 1)])]),
    ]),
  );
  assert.deepEqual(
    root.children.map(({ name, children }) => [name, children.map((child) => child.field)]),
    [
      ['chat', ['model']],
      ['', ['model']],
    ],
  );
});

test('a frame knows what is its own, and which spans are in it', () => {
  const root = frameOf(
    node(null, 'total', 3, [
      node('feature', 'chat', 2.5, [node('model', 'gpt', 2), node('model', null, 0.5)]),
      node('feature', 'none', null),
    ]),
  );
  const chat = root.children[0]!;
  assert.equal(ownCost(chat), 0.5);
  assert.equal(ownCost(root.children[1]!), null);
  assert.deepEqual(narrowOf([chat, chat.children[0]!]), { feature: 'chat', model: 'gpt' });
  assert.deepEqual(narrowOf([chat, chat.children[1]!]), { feature: 'chat' });
});

test('a frame stands in the address, whatever its names hold', () => {
  for (const names of [[], ['a'], ['', 'b/c', '100 %'], ['(other)']]) {
    assert.deepEqual(frameNames(frameText(names)), names);
  }
  assert.deepEqual(frameNames('/%zz'), []);
});

test('lines for the price file are quoted', () => {
  assert.match(priceLines('a: "b"'), /model: "a: \\"b\\""/);
});
