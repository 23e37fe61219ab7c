import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VersionFigures } from 'widgets/prompts/figures';
import { outcomeOf, promptsOf } from './prompts';

function version(prompt: string, name: string, more: Partial<VersionFigures> = {}): VersionFigures {
  return {
    prompt,
    version: name,
    firstAt: '2026-11-20T10:00:00Z',
    lastAt: '2026-11-20T12:00:00Z',
    runs: 100,
    calls: 200,
    callErrors: 4,
    lengthStops: 0,
    invalidArgs: 0,
    toolCalls: 100,
    toolErrors: 0,
    costUsd: 2,
    unpricedCalls: 0,
    tokens: 1000,
    p50Ms: 500,
    p99Ms: 900,
    failedRuns: null,
    refusals: null,
    ...more,
  };
}

test('a line a prompt, what got worse first, then the busiest', () => {
  const prompts = promptsOf([
    version('quiet', '1', { calls: 10 }),
    version('busy', '1'),
    version('worse', '1', { calls: 20 }),
    version('worse', '2', { calls: 20, invalidArgs: 40 }),
  ]);
  assert.deepEqual(
    prompts.map(({ prompt, versions, newest }) => [prompt, versions, newest.version]),
    [
      ['worse', 2, '2'],
      ['busy', 1, '1'],
      ['quiet', 1, '1'],
    ],
  );
});

test('what a change made of a prompt, in a word', () => {
  const outcome = (more: Partial<VersionFigures> | null) =>
    outcomeOf(
      promptsOf([version('p', '1'), ...(more ? [version('p', '2', more)] : [])])[0]!.change,
    );
  assert.equal(outcome(null), 'one version');
  assert.equal(outcome({}), 'same');
  assert.equal(outcome({ invalidArgs: 40 }), 'worse');
  assert.equal(outcome({ costUsd: 1 }), 'better');
  assert.equal(outcome({ invalidArgs: 40, costUsd: 1 }), 'mixed');
  assert.equal(outcome({ runs: 2, calls: 5, toolCalls: 3 }), 'few');
});
