import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Difference, Verdict } from 'widgets/prompts/compare';
import type { VersionFigures } from 'widgets/prompts/figures';
import { summaryOf } from './summary';

const say = (...verdicts: Verdict[]) => {
  const differences = verdicts.map((verdict, i) => {
    return { measure: { short: `m${i}` }, before: '1%', after: '9%', verdict } as Difference;
  });
  const [before, after] = [
    { version: '6', calls: 12 } as VersionFigures,
    { version: '', calls: 3 } as VersionFigures,
  ];
  const { outcome, words } = summaryOf(differences, before, after);
  return `${outcome}: ${words}`;
};

test('all measures in a sentence', () => {
  assert.equal(say('same', 'worse'), 'worse: Version (none) is worse than 6: m1 1% → 9%.');
  assert.equal(
    say('better', 'worse'),
    'mixed: Version (none) is worse than 6: m1 1% → 9%; better: m0 1% → 9%.',
  );
  assert.equal(say('better', 'few'), 'better: Version (none) is better than 6: m0 1% → 9%.');
  assert.equal(
    say('same', 'few', 'unknown'),
    'same: No difference between versions 6 and (none); of 1 measure nothing can be told yet.',
  );
  assert.equal(
    say('few', 'unknown'),
    'few: Version 6 has 12 model calls here, (none) 3: too few to tell.',
  );
});
