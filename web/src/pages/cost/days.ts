// Spending by local days: from GET /api/v1/cost?by=day,FIELD, whose days begin where the reader's do.

import { categoryColor, OTHER_COLOR } from 'base/colors';
import type { ChartSeries } from 'widgets/chart/series';
import { quoteValue } from 'widgets/filter/complete';
import { DAY } from './dimensions';
import { keyText, type CostGroup } from './rows';

export const TIMEZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
export const DAY_MS = 86_400_000;

// When a day like "2026-11-20" begins and ends by this browser's clock; a day may have 23 or 25 hours.
export function dayBounds(day: string): { fromMs: number; toMs: number } | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)/.exec(day);
  if (!match) return null;
  const [year, month, date] = match.slice(1).map(Number) as [number, number, number];
  return {
    fromMs: new Date(year, month - 1, date).getTime(),
    toMs: new Date(year, month - 1, date + 1).getTime(),
  };
}

// Every local day that a window touches.
export function daysOf(fromMs: number, toMs: number): number[] {
  const days: number[] = [];
  const first = new Date(fromMs);
  for (let i = 0; i < 400; ++i) {
    const at = new Date(first.getFullYear(), first.getMonth(), first.getDate() + i).getTime();
    if (at >= toMs) break;
    days.push(at);
  }
  return days;
}

// A filter that leaves the groups `values` of `field` only; the empty one is that without a value.
export function onlyGroups(q: string, field: string, values: readonly string[]): string {
  const known = values.filter((value) => value !== '').map(quoteValue);
  const terms = known.length > 0 ? [`${field} in (${known.join(', ')})`] : [];
  if (values.includes('')) terms.push(`${field} = null`);
  const groups = terms.length > 1 ? `(${terms.join(' OR ')})` : (terms[0] ?? '');
  if (q === '') return groups;
  return groups === '' ? q : `(${q}) AND ${groups}`;
}

// One series for each of `values`, largest first as given, and one for the rest of each day's total.
export function daySeries(
  days: readonly number[],
  field: string,
  values: readonly string[],
  groups: readonly CostGroup[],
  totals: readonly CostGroup[],
): ChartSeries[] {
  const at = new Map(days.map((ms, i) => [ms, i]));
  const placeOf = (group: CostGroup) =>
    at.get(dayBounds(keyText(group.key[DAY]))?.fromMs ?? NaN) ?? -1;
  const empty = () => new Array<number | null>(days.length).fill(null);
  const byValue = new Map(values.map((value) => [value, empty()]));
  const rest = empty();
  for (const group of totals) if (placeOf(group) >= 0) rest[placeOf(group)] = group.cost_usd;
  for (const group of groups) {
    const place = placeOf(group);
    const values_ = byValue.get(keyText(group.key[field]));
    if (place < 0 || !values_ || group.cost_usd === null) continue;
    values_[place] = group.cost_usd;
    rest[place] = Math.max(0, (rest[place] ?? 0) - group.cost_usd);
  }
  const series: ChartSeries[] = [...byValue].map(([value, costs], i) => ({
    name: value === '' ? '(none)' : value,
    values: costs,
    color: categoryColor(i),
  }));
  // What is left by adding up fractions is no group.
  const others = rest.some((cost) => cost !== null && cost > 1e-6);
  return others ? [...series, { name: '(other)', values: rest, color: OTHER_COLOR }] : series;
}
