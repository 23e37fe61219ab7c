import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';

export type Rule = Schema<'Rule'>;

// How a rule is, in a word, the most important one first.
export function ruleState(rule: Rule): { words: string; tone: Tone; why: string } {
  const { enabled, last_error, last_evaluated_at, breaching, series, no_data, learning } = rule;
  if (!enabled) return { words: 'off', tone: 'neutral', why: 'alerts.rules turns it off' };
  if (last_error !== null) return { words: 'cannot evaluate', tone: 'bad', why: last_error };
  if (last_evaluated_at === null)
    return { words: 'not yet', tone: 'neutral', why: 'Not evaluated yet' };
  if (breaching > 0)
    return { words: 'over threshold', tone: 'bad', why: `${breaching} of ${series} series` };
  if (series === 0 && learning === 0) {
    return { words: 'idle', tone: 'neutral', why: 'Nothing it counts happened lately' };
  }
  if (no_data > 0)
    return { words: 'no data', tone: 'warn', why: `${no_data} series cannot be measured` };
  if (series <= learning) {
    return { words: 'learning', tone: 'neutral', why: 'What is usual is not known yet' };
  }
  return { words: 'ok', tone: 'good', why: `${series} series below the threshold` };
}
