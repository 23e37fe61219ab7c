import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayBudget } from './budget';
import { failingShare, worstStatus } from 'widgets/figures/failing';
import { troublesOf } from './receipts';

const status = {
  success: 7,
  error: 0,
  timeout: 1,
  rate_limited: 1,
  invalid_args: 0,
  blocked: 0,
  unknown: 1,
};

test('which share of calls failed, and how most of them', () => {
  assert.equal(failingShare({ calls: 10, status }), 0.2);
  assert.equal(failingShare({ calls: 0, status: { ...status, timeout: 0, rate_limited: 0 } }), 0);
  assert.equal(worstStatus({ calls: 10, status: { ...status, rate_limited: 2 } }), 'rate_limited');
  assert.equal(worstStatus({ calls: 7, status: { ...status, timeout: 0, rate_limited: 0 } }), null);
});

test('the budget of the day is the one for everything', () => {
  const budget = (id: string, scope: string, window: string, spent_usd = 1) =>
    ({ id, scope, window, spent_usd, limit_usd: 10 }) as never;
  assert.equal(dayBudget([]), null);
  assert.equal(dayBudget([budget('u', 'user', 'day')]), null);
  const month = budget('m', 'global', 'month');
  const day = budget('d', 'global', 'day');
  assert.equal(dayBudget([month, day])!.id, 'd');
  assert.equal(dayBudget([day, budget('fuller', 'project', 'day', 9)])!.id, 'fuller');
  assert.equal(dayBudget([month])!.id, 'm');
});

test('receipts speak up when something was lost or is late', () => {
  const receipts = (more: object) =>
    ({
      totals: [],
      spool: { pending_bytes: 0 },
      store: { lag_ms: 600, error: '' },
      ...more,
    }) as never;
  const quiet = { drops: [], lagMs: null, errors: [] };
  assert.deepEqual(troublesOf(receipts({})), quiet);
  // Nothing waits: how late the last batch was is the past.
  assert.deepEqual(troublesOf(receipts({ store: { lag_ms: 60_000, error: '' } })), quiet);
  const drop = (name: string, severity: string, count: number) => ({
    name,
    severity,
    count,
    remedy: '',
  });
  const bad = troublesOf(
    receipts({
      totals: [
        drop('a', 'info', 9),
        drop('b', 'warning', 5),
        drop('c', 'data_loss', 1),
        drop('d', 'warning', 0),
      ],
      spool: { pending_bytes: 10 },
      store: { lag_ms: 9_000, error: 'the disk is full', flush_error: '' },
    }),
  );
  assert.deepEqual(
    bad.drops.map(({ name }) => name),
    ['c', 'b'],
  );
  assert.equal(bad.lagMs, 9_000);
  assert.deepEqual(bad.errors, ['the disk is full']);
});
