// What the table of spending shows of a group, and what follows from its figures.

import type { Answer } from 'api/types';
import { sumOf, type SeriesAnswer } from 'widgets/chart/fromSeries';

export type CostAnswer = Answer<'/api/v1/cost'>;
export type CostGroup = CostAnswer['groups'][number];
export type CostFigures = Pick<
  CostGroup,
  'cost_usd' | 'calls' | 'unpriced_calls' | 'tokens' | 'input_tokens'
>;

export const keyText = (value: CostGroup['key'][string] | undefined): string =>
  value == null ? '' : String(value);

// One text for the whole key: what no name holds stands between its parts.
export const keyOf = (key: CostGroup['key'], by: readonly string[]): string =>
  by.map((field) => keyText(key[field])).join('\u0000');

// Of a call whose price is known; those without one would make it look cheap.
export function perCall({ cost_usd, calls, unpriced_calls }: CostFigures): number | null {
  const priced = calls - unpriced_calls;
  return cost_usd === null || priced <= 0 ? null : cost_usd / priced;
}

// How many of the input tokens a cache served.
export function cacheHit({ tokens, input_tokens }: CostFigures): number | null {
  return input_tokens > 0 ? tokens.cache_read / input_tokens : null;
}

// In how many traces each group has calls that count, from GET /api/v1/series.
export function tracesOf(
  answer: SeriesAnswer | undefined,
  by: readonly string[],
): ReadonlyMap<string, number> {
  const groups = answer?.groups.filter(({ other }) => !other) ?? [];
  return new Map(groups.map(({ key, values }) => [keyOf(key, by), sumOf(values.traces)]));
}

// Their course, for sparklines: cost in each step, nothing spent is zero.
export function coursesOf(
  answer: SeriesAnswer | undefined,
  field: string,
): ReadonlyMap<string, readonly number[]> {
  const groups = answer?.groups.filter(({ other }) => !other) ?? [];
  return new Map(
    groups.map(({ key, values }) => [
      keyText(key[field]),
      (values.cost_usd ?? []).map((cost) => cost ?? 0),
    ]),
  );
}
