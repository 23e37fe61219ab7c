// What all measures together say, in a sentence.

import { formatInt, plural } from 'base/format';
import type { Difference } from 'widgets/prompts/compare';
import { versionName, type VersionFigures } from 'widgets/prompts/figures';
import type { Outcome } from './prompts';

export function summaryOf(
  differences: readonly Difference[],
  before: VersionFigures,
  after: VersionFigures,
): { outcome: Outcome; words: string } {
  const [from, to] = [versionName(before.version), versionName(after.version)];
  const told = (verdict: string) =>
    differences
      .filter((one) => one.verdict === verdict)
      .map((one) => `${one.measure.short} ${one.before} → ${one.after}`);
  const [worse, better] = [told('worse'), told('better')];
  if (worse.length > 0) {
    const but = better.length > 0 ? `; better: ${better.join(', ')}` : '';
    return {
      outcome: better.length > 0 ? 'mixed' : 'worse',
      words: `Version ${to} is worse than ${from}: ${worse.join(', ')}${but}.`,
    };
  }
  if (better.length > 0) {
    return {
      outcome: 'better',
      words: `Version ${to} is better than ${from}: ${better.join(', ')}.`,
    };
  }
  const open = differences.filter(({ verdict }) => verdict === 'few').length;
  if (differences.some(({ verdict }) => verdict === 'same')) {
    const rest = open > 0 ? `; of ${plural(open, 'measure')} nothing can be told yet` : '';
    return { outcome: 'same', words: `No difference between versions ${from} and ${to}${rest}.` };
  }
  return {
    outcome: 'few',
    words: `Version ${from} has ${plural(before.calls, 'model call')} here, ${to} ${formatInt(after.calls)}: too few to tell.`,
  };
}
