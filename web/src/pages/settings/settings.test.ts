import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waysOf } from './ways';
import { bodyOf, NEW_KEY, wrongPins } from './keys/newKey';
import { priceLines } from './prices/prices';
import { byWeight, healthOf, type Receipts } from './receipts/losses';

test('a new key says only what was filled in, and gateway things only with that scope', () => {
  const draft = { ...NEW_KEY, name: ' a ', limitUsd: 5, pins: 'feature=x\n', models: 'a*, b' };
  assert.deepEqual(bodyOf(draft), { name: 'a', project: 'default', scopes: ['ingest'] });
  const { budget, ...rest } = bodyOf({ ...draft, scopes: ['gateway'], expires: '30d' });
  assert.deepEqual(rest, {
    name: 'a',
    project: 'default',
    scopes: ['gateway'],
    expires_in: '30d',
    pins: { feature: 'x' },
    models: ['a*', 'b'],
  });
  assert.deepEqual([budget?.limit_usd, budget?.window, budget?.hard], [5, 'day', true]);
  assert.equal(wrongPins('feature=a\nuser=b=c'), null);
  assert.match(wrongPins('feature')!, /not name=value/);
  assert.match(wrongPins('team=a')!, /none of feature/);
});

test('where to send: by the address of the page, with a key where one is needed', () => {
  const open = waysOf('http://10.0.0.5:4318', '0.0.0.0:4317', false);
  assert.match(open.find(({ id }) => id === 'grpc')!.code, /http:\/\/10\.0\.0\.5:4317\n/);
  assert.ok(open.every(({ code }) => !code.includes('PITOT_KEY')));
  const closed = waysOf('http://10.0.0.5:4318', null, true);
  assert.ok(closed.every(({ id, code }) => id !== 'grpc' && code.includes('PITOT_KEY')));
});

test('lines of a price file hold whatever a model is called', () => {
  const lines = priceLines([
    { provider: 'house', model: 'house-model-1' },
    { provider: '', model: 'a: "b"\n- x' },
  ]);
  assert.match(lines, /^prices:\n {2}- model: house-model-1\n {4}provider: house\n/);
  assert.match(lines, /- model: "a: \\"b\\"\\n- x"\n {4}per_million_usd/);
});

test('losses come worst first, and say how it stands', () => {
  const loss = (name: string, severity: 'info' | 'warning' | 'data_loss', count: number) => ({
    name,
    severity,
    count,
    remedy: '',
  });
  const totals = [
    loss('a', 'info', 9),
    loss('b', 'warning', 1),
    loss('c', 'data_loss', 1),
    loss('d', 'data_loss', 0),
    loss('e', 'warning', 5),
  ];
  assert.deepEqual(
    byWeight(totals).map(({ name }) => name),
    ['c', 'e', 'b', 'a'],
  );
  const health = (list: typeof totals, store = {}) =>
    healthOf({ totals: list, store } as unknown as Receipts);
  assert.deepEqual(
    [health([]), health([totals[0]!]), health([totals[1]!]), health(totals)],
    ['well', 'noted', 'warned', 'lost'],
  );
  assert.equal(health([], { error: 'disk full' }), 'lost');
});
