// Versions of a prompt held against each other: what differs more than chance explains.

import { formatCost, formatCount, formatDuration, formatPercent, plural } from 'base/format';
import { newestFirst, versionName, type VersionFigures } from './figures';
import { newcombe, type Interval, type Proportion } from './proportions';

// Two sides of 1 %: several measures are looked at at once.
const Z = 2.576;
export const CONFIDENCE = '99%';
// Fewer of them say nothing.
export const TRIALS_MIN = 20;
// Shares are told to be the same when their difference is surely below this, else nothing is told.
export const SAME_WITHIN = 0.1;
// A p99 of fewer calls hangs on a few of them.
const P99_TRIALS_MIN = 500;
// Means and medians come without their spread: only what is large is told.
const RATIO = 1.3;

type Unit = 'run' | 'model call' | 'tool call';

interface ShareMeasure {
  id: string;
  label: string;
  short: string; // In a sentence: "invalid arguments 1% → 15%".
  of: Unit;
  count: (v: VersionFigures) => Proportion | null; // null: not known.
}

interface MeanMeasure {
  id: string;
  label: string;
  short: string;
  of: Unit;
  value: (v: VersionFigures) => number | null;
  trials: (v: VersionFigures) => number;
  trialsMin?: number;
  format: (value: number) => string;
}

export type Measure = ShareMeasure | MeanMeasure;

// Hits and trials come from two answers, one of which may be a moment younger.
const share = (hits: number | null, trials: number | null): Proportion | null =>
  hits === null || !trials ? null : { hits: Math.min(hits, trials), trials };
const mean = (sum: number | null, count: number): number | null =>
  sum === null || count === 0 ? null : sum / count;

// More of any of them is worse.
export const MEASURES: readonly Measure[] = [
  {
    id: 'failed_runs',
    label: 'Runs that failed',
    short: 'failed runs',
    of: 'run',
    count: ({ failedRuns, runs }) => share(failedRuns, runs),
  },
  {
    id: 'invalid_args',
    label: 'Invalid tool arguments',
    short: 'invalid arguments',
    of: 'tool call',
    count: ({ invalidArgs, toolCalls }) => share(invalidArgs, toolCalls),
  },
  {
    id: 'tool_errors',
    label: 'Tool calls that failed',
    short: 'failed tool calls',
    of: 'tool call',
    count: ({ toolErrors, toolCalls }) => share(toolErrors, toolCalls),
  },
  {
    id: 'errors',
    label: 'Model calls that failed',
    short: 'errors',
    of: 'model call',
    count: ({ callErrors, calls }) => share(callErrors, calls),
  },
  {
    id: 'length',
    label: 'Cut off by length',
    short: 'cut off',
    of: 'model call',
    count: ({ lengthStops, calls }) => share(lengthStops, calls),
  },
  {
    id: 'refusals',
    label: 'Refused or filtered',
    short: 'refusals',
    of: 'model call',
    count: ({ refusals, calls }) => share(refusals, calls),
  },
  {
    id: 'cost',
    label: 'Cost a run',
    short: 'cost a run',
    of: 'run',
    // With unpriced calls the sum is a lower bound, which compares with nothing.
    value: ({ costUsd, unpricedCalls, runs }) => (unpricedCalls > 0 ? null : mean(costUsd, runs)),
    trials: ({ runs }) => runs,
    format: formatCost,
  },
  {
    id: 'tokens',
    label: 'Tokens a run',
    short: 'tokens a run',
    of: 'run',
    value: ({ tokens, runs }) => mean(tokens, runs),
    trials: ({ runs }) => runs,
    format: (value) => formatCount(Math.round(value)),
  },
  {
    id: 'p50',
    label: 'Model calls, p50',
    short: 'p50',
    of: 'model call',
    value: ({ p50Ms }) => p50Ms,
    trials: ({ calls }) => calls,
    format: formatDuration,
  },
  {
    id: 'p99',
    label: 'Model calls, p99',
    short: 'p99',
    of: 'model call',
    value: ({ p99Ms }) => p99Ms,
    trials: ({ calls }) => calls,
    trialsMin: P99_TRIALS_MIN,
    format: formatDuration,
  },
];

// few: too few to tell. same: no difference worth telling. unknown: not measured.
export type Verdict = 'worse' | 'better' | 'same' | 'few' | 'unknown';

export interface Difference {
  measure: Measure;
  before: string; // The value, in its unit.
  after: string;
  trialsBefore: number;
  trialsAfter: number;
  change: number | null; // Of shares: the difference; of means: the ratio less one.
  interval: Interval | null; // Of shares.
  verdict: Verdict;
}

export function differenceOf(
  measure: Measure,
  before: VersionFigures,
  after: VersionFigures,
): Difference {
  return 'count' in measure
    ? differenceOfShares(measure, before, after)
    : differenceOfMeans(measure, before, after);
}

function differenceOfShares(
  measure: ShareMeasure,
  before: VersionFigures,
  after: VersionFigures,
): Difference {
  const [a, b] = [measure.count(before), measure.count(after)];
  const text = (p: Proportion | null) => formatPercent(p && p.hits / p.trials);
  const common = {
    measure,
    before: text(a),
    after: text(b),
    trialsBefore: a?.trials ?? 0,
    trialsAfter: b?.trials ?? 0,
  };
  if (!a || !b) return { ...common, change: null, interval: null, verdict: 'unknown' };
  const interval = newcombe(a, b, Z);
  const change = b.hits / b.trials - a.hits / a.trials;
  return { ...common, change, interval, verdict: verdictOf(interval, a, b) };
}

function verdictOf({ low, high }: Interval, a: Proportion, b: Proportion): Verdict {
  if (Math.min(a.trials, b.trials) < TRIALS_MIN) return 'few';
  if (low > 0) return 'worse';
  if (high < 0) return 'better';
  return Math.max(-low, high) <= SAME_WITHIN ? 'same' : 'few';
}

function differenceOfMeans(
  measure: MeanMeasure,
  before: VersionFigures,
  after: VersionFigures,
): Difference {
  const [a, b] = [measure.value(before), measure.value(after)];
  const text = (value: number | null) =>
    value === null ? formatPercent(null) : measure.format(value);
  const [trialsBefore, trialsAfter] = [measure.trials(before), measure.trials(after)];
  const common = { measure, before: text(a), after: text(b), trialsBefore, trialsAfter };
  if (!a || !b) return { ...common, change: null, interval: null, verdict: 'unknown' };
  const few = Math.min(trialsBefore, trialsAfter) < (measure.trialsMin ?? TRIALS_MIN);
  const [up, down] = [b / a >= RATIO, a / b >= RATIO];
  const verdict = few ? 'few' : up ? 'worse' : down ? 'better' : 'same';
  return { ...common, change: b / a - 1, interval: null, verdict };
}

// "+11 points (1 to 22)", "+30%", "only 12 tool calls".
export function describeDifference({ change, interval, verdict, ...rest }: Difference): string {
  const { trialsBefore, trialsAfter, measure } = rest;
  const fewest = Math.min(trialsBefore, trialsAfter);
  if (change === null) return 'not known of both';
  if (verdict === 'few' && (interval === null || fewest < TRIALS_MIN)) {
    return `only ${plural(fewest, measure.of)}`;
  }
  const sign = change > 0 ? '+' : '';
  if (interval === null) return `${sign}${formatPercent(change)}`.replace('-', '\u2212');
  return `${sign}${points(change)} points (${points(interval.low)} to ${points(interval.high)})`;
}

function points(value: number): string {
  const digits = Math.abs(value) < 0.1 ? 1 : 0;
  return String(Number((value * 100).toFixed(digits)) + 0).replace('-', '\u2212');
}

export interface Finding {
  words: string;
  worse: boolean;
}

export interface PromptChange {
  prompt: string;
  from: string;
  to: string;
  at: string; // First seen.
  findings: readonly Finding[];
  few: boolean; // Too few calls for any finding.
}

// What differs, what got worse first.
export function findingsOf(before: VersionFigures, after: VersionFigures): Finding[] {
  return MEASURES.map((measure) => differenceOf(measure, before, after))
    .filter(({ verdict }) => verdict === 'worse' || verdict === 'better')
    .map(({ measure, verdict, ...of }) => ({
      words: `${measure.short} ${of.before} → ${of.after}`,
      worse: verdict === 'worse',
    }))
    .sort((a, b) => Number(b.worse) - Number(a.worse));
}

// The newest version of each prompt against the one before, what got worse first.
export function compareVersions(versions: readonly VersionFigures[]): PromptChange[] {
  const byName = new Map<string, VersionFigures[]>();
  for (const version of versions) {
    const list = byName.get(version.prompt) ?? [];
    list.push(version);
    byName.set(version.prompt, list);
  }
  const changes: PromptChange[] = [];
  for (const [prompt, list] of byName) {
    const [to, from] = list.sort(newestFirst);
    if (!to || !from) continue;
    changes.push({
      prompt,
      from: versionName(from.version),
      to: versionName(to.version),
      at: to.firstAt,
      findings: findingsOf(from, to),
      few: Math.min(from.calls, to.calls) < TRIALS_MIN,
    });
  }
  const badness = ({ findings }: PromptChange) =>
    findings.reduce((sum, { worse }) => sum + (worse ? 10 : 1), 0);
  return changes.sort((a, b) => badness(b) - badness(a) || (a.at < b.at ? 1 : -1));
}
