// How often the arguments of tool calls were refused, against the versions of the prompt that made them.

import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';

export type Tool = Schema<'Tool'>;
export type ToolVersion = Tool['versions'][number];
export type Verdict = NonNullable<Tool['change']>['verdict'];

// 95 %.
const Z = 1.96;

export interface Interval {
  low: number;
  high: number;
}

// Where the true share lies, by Wilson's score interval: right for few calls, and for none of many.
export function shareInterval(hits: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const share = hits / trials;
  const scale = 1 + Z ** 2 / trials;
  const middle = share + Z ** 2 / (2 * trials);
  const spread = Z * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2));
  return {
    low: Math.max(0, (middle - spread) / scale),
    high: Math.min(1, (middle + spread) / scale),
  };
}

interface VerdictWords {
  label: string;
  tone: Tone;
}

const WORDS: Record<Verdict, VerdictWords> = {
  schema_drift: { label: 'arguments drifted', tone: 'bad' },
  worse: { label: 'fails more', tone: 'bad' },
  better: { label: 'fails less', tone: 'good' },
  same: { label: 'no change', tone: 'neutral' },
  low_n: { label: 'too few calls', tone: 'neutral' },
};
export const verdictWords = (verdict: Verdict): VerdictWords => WORDS[verdict];

const RANK: readonly Verdict[] = ['schema_drift', 'worse', 'better', 'same', 'low_n'];

// Worst first: what drifted, then by the share of refused arguments. Tools whose prompts have no version
// are left out.
export function byDrift(tools: readonly Tool[]): Tool[] {
  const rank = ({ change }: Tool) => (change ? RANK.indexOf(change.verdict) : RANK.length);
  const bad = (tool: Tool) => (rank(tool) <= 1 ? rank(tool) : RANK.length);
  return tools
    .filter(({ versions }) => versions.length > 0)
    .sort(
      (a, b) =>
        bad(a) - bad(b) ||
        b.share.invalid_args - a.share.invalid_args ||
        rank(a) - rank(b) ||
        b.calls - a.calls,
    );
}

// The end of the scale that all bars share: the largest share that may be true, but never under 10 %.
export function scaleOf(tools: readonly Tool[]): number {
  const highest = tools.flatMap(({ versions }) =>
    versions.map(({ status, calls }) =>
      // The interval of a few calls is as wide as all there is, and would dwarf the rest.
      calls < 10 ? 0 : shareInterval(status.invalid_args, calls).high,
    ),
  );
  return Math.min(1, Math.max(0.1, ...highest));
}
