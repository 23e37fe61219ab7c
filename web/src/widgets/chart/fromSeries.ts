// What GET /api/v1/series answers, as charts take it.

import type { Answer } from 'api/types';
import { categoryColor, categoryDash, OTHER_COLOR } from 'base/colors';
import { parseTime } from 'base/format';
import type { ChartSeries } from './series';

export type SeriesAnswer = Answer<'/api/v1/series'>;
export type SeriesGroup = SeriesAnswer['groups'][number];
export type Measure = SeriesAnswer['measures'][number];

export const timesOf = (starts: readonly string[]): number[] => starts.map(parseTime);

// "(none)" for what no value was given, "(other)" for the rest.
export function groupName(group: SeriesGroup): string {
  if (group.other) return '(other)';
  return Object.values(group.key)
    .map((value) => (value === null || value === '' ? '(none)' : value))
    .join(' · ');
}

// One series a group, in the colours of categories.
export function groupSeries(answer: SeriesAnswer, measure: Measure): ChartSeries[] {
  return answer.groups.map((group, i) => ({
    name: groupName(group),
    values: group.values[measure] ?? [],
    color: group.other ? OTHER_COLOR : categoryColor(i),
    dash: group.other ? undefined : categoryDash(i),
  }));
}

// The values of the only group, asked for without `by`.
export function totalOf(answer: SeriesAnswer, measure: Measure): readonly (number | null)[] {
  return answer.groups[0]?.values[measure] ?? answer.starts.map(() => null);
}

// All there is of a count or a sum, by group.
export function sumOf(values: readonly (number | null)[] | undefined): number {
  return (values ?? []).reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
