// What a budget says of itself, in words: whom it is over, how far it is, when it will be spent.

import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';
import { parseTime } from 'base/format';

export type Budget = Schema<'Budget'>;
export type Counter = Schema<'BudgetCounter'>;

// From this share of a limit on it is worth a colour.
export const NEAR = 0.8;

export interface State {
  word: string;
  tone: Tone;
  rank: number; // Worst first.
}

export function stateOf(budget: Budget): State {
  if (budget.disabled) return { word: 'disabled', tone: 'bad', rank: 0 };
  const share = shareOf(budget);
  if (share !== null && share >= 1) {
    return { word: budget.hard ? 'exhausted' : 'exceeded', tone: 'bad', rank: 1 };
  }
  if (budget.counters_disabled > 0) {
    return { word: `${budget.counters_disabled} stopped`, tone: 'bad', rank: 2 };
  }
  if (share !== null && share >= NEAR) return { word: 'nearly spent', tone: 'warn', rank: 3 };
  // Less is left than the most that a call may cost, far from the limit as it may be.
  if (budget.counters.some(({ refused }) => refused > 0)) {
    return { word: 'refuses calls', tone: 'warn', rank: 4 };
  }
  return { word: 'within limit', tone: 'good', rank: 5 };
}

// The counter that is nearest to its limit among those shown; null before the first call, and for those
// who may not see the names of others.
export function worstOf({ counters }: Budget): Counter | null {
  return counters.reduce<Counter | null>(
    (worst, counter) =>
      worst === null || counterShare(counter) > counterShare(worst) ? counter : worst,
    null,
  );
}

export function counterShare({ spent_usd, limit_usd }: Counter): number {
  if (limit_usd > 0) return spent_usd / limit_usd;
  return spent_usd > 0 ? Infinity : 0;
}

// How much of its limit is spent: of one with many counters, by the worst of them.
export function shareOf(budget: Budget): number | null {
  const worst = worstOf(budget);
  if (worst) return counterShare(worst);
  return budget.counters_total === 0 && budget.limit_usd > 0 ? 0 : null;
}

const SCOPES: Record<Budget['scope'], [one: string, many: string]> = {
  global: ['everything', 'everything'],
  project: ['project', 'projects'],
  key: ['key', 'keys'],
  feature: ['feature', 'features'],
  workflow: ['workflow', 'workflows'],
  user: ['user', 'users'],
  model: ['model', 'models'],
  session: ['session', 'sessions'],
  trace: ['trace', 'traces'],
  request: ['request', 'requests'],
};

// "each user", "all features chat*", "everything".
export function appliesTo({ scope, match, per, project }: Budget): string {
  const [one, many] = SCOPES[scope];
  const which =
    scope === 'global'
      ? one
      : `${per === 'each' ? `each ${one}` : `all ${many} together`}${match === '*' ? '' : `, ${match}`}`;
  return project ? `${which}, in project ${project}` : which;
}

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

// The server tells lengths in milliseconds, "129600000ms"; people write "36h". Days only from two on.
export function lengthText(length: string): string {
  const [, count, unit] = /^(\d+)(d|h|m|s|ms)$/.exec(length) ?? [];
  const ms = Number(count) * (UNITS.find(([name]) => name === unit)?.[1] ?? NaN);
  const fits = UNITS.find(([name, size]) => ms % size === 0 && (name !== 'd' || ms > size));
  return fits && ms > 0 ? `${ms / fits[1]}${fits[0]}` : length;
}

// "a day (UTC)", "any 36h", "its lifetime".
export function windowWords({ window, length, timezone }: Budget): string {
  switch (window) {
    case 'lifetime':
      return 'its lifetime';
    case 'rolling':
      return `any ${lengthText(length ?? 'length')}`;
    case 'minute':
    case 'hour':
      return `${window === 'hour' ? 'an' : 'a'} ${window}`;
    default:
      return `a ${window} (${timezone})`;
  }
}

// When the counter begins anew; null for windows that roll on, and before the first call.
export const resetsAt = (counter: Counter | null, { window }: Budget): string | null =>
  window === 'rolling' ? null : (counter?.window_end ?? null);

const PACE_SHARE_MIN = 0.1;
const PACE_ELAPSED_MIN = 1 / 24;

// When a counter will have spent its limit if its window goes on as it began; null when it will not, or
// when too little has passed to say.
export function spentAt(counter: Counter, budget: Budget, nowMs: number): number | null {
  if (counter.window_start === null || counter.window_end === null) return null;
  if (budget.window === 'rolling' || counter.limit_usd <= 0) return null;
  const start = parseTime(counter.window_start);
  const end = parseTime(counter.window_end);
  const elapsed = nowMs - start;
  const share = counterShare(counter);
  if (share >= 1 || share < PACE_SHARE_MIN) return null;
  if (elapsed <= 0 || elapsed / (end - start) < PACE_ELAPSED_MIN) return null;
  const at = start + elapsed / share;
  return at < end ? at : null;
}

// The traces with calls that a budget refused or cut: their spans name it, then why.
export function blockedFilter(id: string): string {
  return `attr.pitot.budget ~ "^${id.replaceAll('.', '\\.')} "`;
}

// How far back those are looked for.
export const BLOCKED_SINCE = '7d';
