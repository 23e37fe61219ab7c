// What an objective says, in words and as filters of spans.

import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';
import { formatCost, formatDuration, formatPercent, parseTime, plural } from 'base/format';
import { lengthWords } from '../words';

export type Slo = Schema<'Slo'>;
export type SloRule = Schema<'SloRule'>;
export type SloPoint = Schema<'SloPoint'>;

export const VERDICTS: Record<SloRule['verdict'], { words: string; tone: Tone; why: string }> = {
  ok: { words: 'ok', tone: 'good', why: 'Below its factor' },
  hold: { words: 'holds', tone: 'warn', why: 'Over its factor in one window only' },
  breach: { words: 'burns', tone: 'bad', why: 'Over its factor in both windows' },
  no_data: { words: 'no data', tone: 'neutral', why: 'Nothing valid in its windows' },
  suppressed_low_traffic: {
    words: 'few events',
    tone: 'neutral',
    why: 'Over its factor, with too few events to say so',
  },
  learning: { words: 'reading', tone: 'neutral', why: 'The window is still being read' },
};

// Which spans count, as the filter language says it; of scores no filter of spans tells.
export function validFilter({ objective: { kind, filter } }: Slo): string | null {
  if (kind === 'score') return null;
  if (filter !== null && filter !== '') return filter;
  return kind === 'cost_per_success' ? 'is_root = true' : 'kind = llm';
}

// Those of them that are bad. What `exclude` and `count` leave out is counted here too.
export function badFilter(slo: Slo): string | null {
  const valid = validFilter(slo);
  const { kind, good, threshold } = slo.objective;
  if (valid === null) return null;
  const bad = {
    ratio: good === null || good === '' ? 'status = error' : `NOT (${good})`,
    latency: `(duration > ${threshold}ms OR error_category = timeout)`,
    ttft: `(ttft > ${threshold}ms OR error_category = timeout)`,
    cost_per_success: `(trace.cost > ${threshold}usd OR status = error)`,
    score: '',
  }[kind];
  return `(${valid}) AND ${bad}`;
}

// "99% of spans with kind = agent are good: status != error".
export function objectiveWords(slo: Slo): string {
  const { kind, good, threshold, score, filter } = slo.objective;
  const all = kind === 'cost_per_success' ? 'runs' : kind === 'score' ? `scores ${score}` : null;
  const of = all ?? (filter === null ? 'model calls' : 'spans');
  const about = filter === null ? '' : ` with ${filter}`;
  const want =
    threshold === null
      ? good === null
        ? 'do not fail'
        : `have ${good}`
      : {
          ratio: '',
          latency: `take at most ${formatDuration(threshold)}`,
          ttft: `answer their first token within ${formatDuration(threshold)}`,
          cost_per_success: `succeed for at most ${formatCost(threshold)}`,
          score: `are at least ${threshold}`,
        }[kind];
  return `${formatPercent(slo.target)} of ${of}${about} ${want}, over ${lengthWords(slo.window_s)}`;
}

// How many more may be bad before the budget is spent; below zero, how many too many were.
export function badLeft({ valid, bad, target }: Slo): number {
  return Math.floor(valid * (1 - target) - bad + 1e-9);
}

export function exhaustionWords(slo: Slo): string {
  if (slo.state === 'error') return `It cannot be read: ${slo.error ?? 'no reason was given'}`;
  if (slo.budget_left === null || slo.valid === 0) return 'Nothing was counted in its window yet.';
  const left = badLeft(slo);
  if (slo.budget_left <= 0) {
    return left < 0
      ? `Spent: ${plural(-left, 'event')} more were bad than the target allows.`
      : 'Spent: the next bad event misses the target.';
  }
  const rest = `${plural(left, 'more bad event')} may come.`;
  if (slo.time_to_exhaust_s === null) return `At the pace of the last hour it lasts. ${rest}`;
  return `At the pace of the last hour it is spent in ${formatDuration(slo.time_to_exhaust_s * 1000)}. ${rest}`;
}

export const burnWords = (burn: number | null): string =>
  burn === null ? '–' : `${+burn.toPrecision(3)}×`;

// How fast the budget burned in a step of its history: 1 spends it exactly within the window.
export function burnOf({ valid, bad }: SloPoint, target: number): number | null {
  return valid === 0 ? null : bad / valid / (1 - target);
}

const POINTS_MIN = 12;

// The points within the window of the page, or all of them where it holds too few to see anything.
export function pointsWithin(
  history: readonly SloPoint[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): readonly SloPoint[] {
  const inside = history.filter(
    ({ from, to }) =>
      from !== null && to !== null && parseTime(to) > fromMs && parseTime(from) < toMs,
  );
  return inside.length >= POINTS_MIN ? inside : history;
}

// At most `most` steps: neighbours become one, so that few events are seen as what they are.
export function mergePoints(points: readonly SloPoint[], most: number): readonly SloPoint[] {
  const each = Math.ceil(points.length / most);
  if (each <= 1) return points;
  const merged: SloPoint[] = [];
  for (let i = 0; i < points.length; i += each) {
    const some = points.slice(i, i + each);
    const last = some[some.length - 1]!;
    const sum = (of: (point: SloPoint) => number) => some.reduce((all, one) => all + of(one), 0);
    merged.push({
      from: some[0]!.from,
      to: last.to,
      valid: sum(({ valid }) => valid),
      good: sum(({ good }) => good),
      bad: sum(({ bad }) => bad),
      budget_left: last.budget_left,
    });
  }
  return merged;
}

// The lowest factor of each severity that alerts: where lines are drawn across the burn.
export function burnLimits(rules: readonly SloRule[]): { severity: string; factor: number }[] {
  const least = new Map<string, number>();
  for (const { severity, factor, reachable } of rules) {
    if (reachable) least.set(severity, Math.min(factor, least.get(severity) ?? Infinity));
  }
  return ['page', 'warning'].flatMap((severity) => {
    const factor = least.get(severity);
    return factor === undefined ? [] : [{ severity, factor }];
  });
}

// Which one is open when the address names none: what is worst.
const STATES: readonly Slo['state'][] = [
  'exhausted',
  'burning',
  'error',
  'ok',
  'no_data',
  'loading',
];
export function chosenSlo(slos: readonly Slo[], name: string | undefined): Slo | undefined {
  const worst = (a: Slo, b: Slo) =>
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    (a.budget_left ?? 1) - (b.budget_left ?? 1);
  return slos.find((slo) => slo.name === name) ?? [...slos].sort(worst)[0];
}
