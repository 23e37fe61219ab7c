import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterBehind, windowBehind } from './behind';
import { episodesOf, lanesOf, type Change } from './episodes';
import { draftOf, draftsOf, matcherOf, matchText } from './silences/matchers';
import { againstWords, lengthWords, severityRank, tellingLabels, type Alert } from './words';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 10, minute)).toISOString();
const ms = (minute: number) => Date.parse(at(minute));

function change(state: string, minute: number, more: Partial<Change> = {}): Change {
  return {
    at: at(minute),
    fingerprint: 'a'.repeat(16),
    alertname: 'RefundsFail',
    severity: 'page',
    state,
    labels: { alertname: 'RefundsFail', feature: 'checkout' },
    summary: `${state} at ${minute}`,
    value: 6,
    threshold: 3,
    unit: '',
    fired_at: at(10),
    resolved_at: null,
    ...more,
  } as Change;
}

test('values and thresholds are told with their units', () => {
  assert.equal(againstWords(20, 10, 'x'), '20× against 10×');
  assert.equal(againstWords(0.13, 0.05, 'ratio'), '13% against 5%');
  assert.equal(againstWords(14830, 8710, 'ms'), '14.8 s against 8.71 s');
  assert.equal(againstWords(6, 3, ''), '6 against 3');
  assert.equal(againstWords(400, 300, 's'), '6 m 40 s against 5 m 00 s');
  assert.equal(againstWords(1.5, null, 'usd'), '$1.5000');
  assert.equal(againstWords(null, 3, ''), 'threshold 3');
  assert.equal(againstWords(null, null, ''), '');
});

test('lengths of settings', () => {
  const cases: [number, string][] = [
    [0, '0 s'],
    [30, '30 s'],
    [300, '5 min'],
    [90, '1.5 min'],
    [21_600, '6 h'],
    [2_592_000, '30 d'],
    [5_400, '90 min'],
  ];
  for (const [seconds, words] of cases) assert.equal(lengthWords(seconds), words);
});

test('an episode is one bar, however often its state changed', () => {
  const resolved = change('resolved', 40, { resolved_at: at(40) });
  const episodes = episodesOf(
    [
      resolved,
      change('keep_firing', 30),
      change('firing', 10),
      change('pending', 8, { fired_at: null }),
    ],
    [],
  );
  assert.equal(episodes.length, 1);
  assert.deepEqual([episodes[0]!.fromMs, episodes[0]!.toMs], [ms(10), ms(40)]);
  assert.equal(episodes[0]!.summary, 'resolved at 40');
});

test('what fires since before the window is a bar as well', () => {
  const alert = { ...change('firing', 10), annotations: { summary: 'now' }, fired_at: at(-90) };
  const [episode] = episodesOf([], [alert as unknown as Alert]);
  assert.deepEqual([episode!.fromMs, episode!.toMs, episode!.summary], [ms(-90), null, 'now']);
  // Both sources know it: it is one.
  assert.equal(
    episodesOf([change('firing', 10)], [{ ...alert, fired_at: at(10) } as unknown as Alert]).length,
    1,
  );
});

test('lanes: one a rule, the loudest first, overlapping bars below each other', () => {
  const list = episodesOf(
    [
      change('firing', 50, { alertname: 'Slow', severity: 'warning', fired_at: at(50) }),
      change('firing', 20, { fingerprint: 'b'.repeat(16), fired_at: at(20) }),
      change('resolved', 30, { resolved_at: at(30) }),
    ],
    [],
  );
  const lanes = lanesOf(list, ms(0), ms(60));
  assert.deepEqual(
    lanes.map(({ name, rows }) => [name, rows]),
    [
      ['RefundsFail', 2],
      ['Slow', 1],
    ],
  );
  assert.deepEqual(
    lanesOf(list, ms(40), ms(45)).map(({ bars }) => bars.length),
    [1],
    'what was over before the window is not in it',
  );
});

test('the traces behind an alert', () => {
  const q = (rule_id: string | null, labels: Record<string, string>) =>
    filterBehind({ rule_id, labels });
  assert.equal(
    q('error_rate', { alertname: 'ErrorRateHigh', feature: 'a b', subject: 'runs' }),
    'status = error AND feature = "a b"',
  );
  assert.equal(
    q('tool_args', { tool: 'search' }),
    'tool_status = invalid_args AND tool_name = search',
  );
  assert.equal(q('spool', { alertname: 'SpoolFilling' }), null);
  assert.equal(q(null, { instance: 'db1' }), null);
  const times = { active_at: at(30), fired_at: at(32), resolved_at: null };
  assert.deepEqual(windowBehind(times), { since: at(15), until: undefined });
  assert.equal(windowBehind({ ...times, resolved_at: at(50) }).until, at(50));
});

test('matchers are written as the API reads them', () => {
  assert.equal(
    matchText([
      { name: 'feature', op: '=~', value: 'check.*' },
      { name: ' severity ', op: '!=', value: 'a "b" \\' },
      { name: '', op: '=', value: 'not yet' },
    ]),
    'feature=~"check.*",severity!="a \\"b\\" \\\\"',
  );
  const drafts = draftsOf({ alertname: 'X', feature: '' });
  assert.deepEqual(drafts.map(matcherOf).map(draftOf), drafts);
  assert.equal(draftOf({ name: 'a', value: 'b' }).op, '=', 'as Alertmanager: equal unless it says');
});

test('what tells alerts of one rule apart', () => {
  assert.deepEqual(tellingLabels({ alertname: 'X', severity: 'page', project: 'p', slo: 's' }), [
    ['slo', 's'],
  ]);
  assert.ok(severityRank('page') < severityRank('warning'));
  assert.ok(severityRank('info') < severityRank(null));
});
