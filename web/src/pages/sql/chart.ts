// A result as a chart: which columns may stand where, and the figures to draw.

import { categoryColor, categoryDash, OTHER_COLOR } from 'base/colors';
import { parseTime } from 'base/format';
import type { Unit } from 'base/units';
import type { ChartSeries } from 'widgets/chart/series';
import { cellText, Exact, type AnswerColumn, type SqlAnswer, type SqlValue } from './answer';

export interface ChartChoice {
  x: number; // Columns, by their place.
  y: number;
  by: number | null; // One series each of its values; null: one in all.
}

const SERIES_MAX = 12;
const BUCKETS_MAX = 5_000;
export const BARS_MAX = 200;

// By name what the reader chose, else what suits the columns. null: there is nothing to draw.
export function chooseColumns(
  columns: readonly AnswerColumn[],
  wanted: { x?: string | undefined; y?: string | undefined; by?: string | undefined },
): ChartChoice | null {
  const named = (name: string | undefined) => columns.findIndex((column) => column.name === name);
  const y = isNumber(columns[named(wanted.y)])
    ? named(wanted.y)
    : columns.findIndex((column, i) => isNumber(column) && i !== named(wanted.x));
  if (y < 0) return null;
  const time = columns.findIndex(({ kind }) => kind === 'time');
  const other = columns.findIndex((column, i) => i !== y && !isNumber(column));
  const x = [named(wanted.x), time, other, y === 0 ? 1 : 0].find(
    (at) => at >= 0 && at !== y && at < columns.length,
  );
  if (x === undefined) return null;
  if (wanted.by === '-') return { x, y, by: null };
  const chosen = named(wanted.by);
  const by = chosen >= 0 && chosen !== x && chosen !== y ? chosen : null;
  if (by !== null || wanted.by !== undefined) return { x, y, by };
  const free = columns.findIndex(
    ({ kind }, i) => i !== x && i !== y && (kind === 'text' || kind === 'boolean'),
  );
  return { x, y, by: free < 0 ? null : free };
}

const isNumber = (column: AnswerColumn | undefined) => column?.kind === 'number';

function numberOf(value: SqlValue | undefined): number | null {
  if (value instanceof Exact) return Number(value.digits);
  return typeof value === 'number' ? value : null;
}

const ROUND_STEPS_MS = [1, 1e3, 60e3, 300e3, 600e3, 1800e3, 3600e3, 10_800e3, 21_600e3, 43_200e3];
const DAY_MS = 86_400e3;

export interface TimeFigures {
  times: number[];
  stepMs: number;
  series: ChartSeries[];
}

// One bucket a time of column x. Times the result lacks are there too, unknown.
export function timeFigures(answer: SqlAnswer, { x, y, by }: ChartChoice): TimeFigures | null {
  const points = answer.rows
    .map((row) => ({ at: timeOf(row[x]), value: numberOf(row[y]), name: nameOf(answer, row, by) }))
    .filter((point) => Number.isFinite(point.at));
  if (points.length === 0) return null;
  const seen = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const stepMs = stepOf(seen);
  const first = seen[0]!;
  const count = Math.round((seen[seen.length - 1]! - first) / stepMs) + 1;
  const even = count <= BUCKETS_MAX && seen.every((at) => (at - first) % stepMs === 0);
  const times = even ? Array.from({ length: count }, (_, i) => first + i * stepMs) : seen;
  const place = new Map(times.map((at, i) => [at, i]));
  const groups = grouped(points, ({ name }) => name);
  const series = groups.map(([name, group], i) => {
    const values = new Array<number | null>(times.length).fill(null);
    for (const { at, value } of group) {
      const bucket = place.get(at)!;
      // Several rows of one time are one figure: their sum.
      if (value !== null) values[bucket] = (values[bucket] ?? 0) + value;
    }
    return seriesOf(name, values, i);
  });
  return { times, stepMs, series };
}

function timeOf(value: SqlValue | undefined): number {
  return typeof value === 'string' ? parseTime(value) : NaN;
}

function stepOf(times: readonly number[]): number {
  let gap = Infinity;
  for (let i = 1; i < times.length; ++i) gap = Math.min(gap, times[i]! - times[i - 1]!);
  if (!Number.isFinite(gap)) return 60e3;
  if (gap >= DAY_MS) return Math.round(gap / DAY_MS) * DAY_MS;
  return [...ROUND_STEPS_MS].reverse().find((step) => step <= gap) ?? gap;
}

export interface BarFigures {
  names: string[]; // Of the bars.
  series: ChartSeries[]; // A value a bar.
  left: number; // Bars that are not shown.
}

// One bar a value of column x, in the order of the rows.
export function barFigures(answer: SqlAnswer, { x, y, by }: ChartChoice): BarFigures {
  const points = answer.rows.map((row) => ({
    bar: textOf(answer.columns[x]!, row[x]),
    value: numberOf(row[y]),
    name: nameOf(answer, row, by),
  }));
  const all = [...new Set(points.map(({ bar }) => bar))];
  const names = all.slice(0, BARS_MAX);
  const place = new Map(names.map((name, i) => [name, i]));
  const series = grouped(points, ({ name }) => name).map(([name, group], i) => {
    const values = new Array<number | null>(names.length).fill(null);
    for (const { bar, value } of group) {
      const at = place.get(bar);
      if (at !== undefined && value !== null) values[at] = (values[at] ?? 0) + value;
    }
    return seriesOf(name, values, i);
  });
  return { names, series, left: all.length - names.length };
}

function textOf(column: AnswerColumn, value: SqlValue | undefined): string {
  return value === '' ? '(empty)' : cellText(value ?? null, column.kind);
}

function nameOf(answer: SqlAnswer, row: readonly SqlValue[], by: number | null): string {
  return by === null ? '' : textOf(answer.columns[by]!, row[by]);
}

const OTHER = '(other)';

// The groups with the most rows by name, in the order in which they come; the rest is one.
function grouped<P extends { value: number | null }>(
  points: readonly P[],
  nameOfPoint: (point: P) => string,
): [string, P[]][] {
  const groups = new Map<string, P[]>();
  for (const point of points) {
    const name = nameOfPoint(point);
    const group = groups.get(name);
    if (group) group.push(point);
    else groups.set(name, [point]);
  }
  if (groups.size <= SERIES_MAX) return [...groups];
  const total = (list: readonly P[]) => list.reduce((sum, { value }) => sum + (value ?? 0), 0);
  const largest = [...groups].sort((a, b) => total(b[1]) - total(a[1]));
  const rest = largest.slice(SERIES_MAX - 1).flatMap(([, list]) => list);
  return [...largest.slice(0, SERIES_MAX - 1), [OTHER, rest]];
}

function seriesOf(name: string, values: (number | null)[], i: number): ChartSeries {
  return {
    name,
    values,
    color: name === OTHER ? OTHER_COLOR : categoryColor(i),
    dash: name === OTHER ? undefined : categoryDash(i),
  };
}

// A column's name says its unit, where the writer kept to the views' habit.
export function unitOf(name: string): Unit {
  if (/(^|_)usd$/i.test(name)) return 'usd';
  if (/_ms$/i.test(name)) return 'ms';
  if (/tokens$/i.test(name)) return 'tokens';
  if (/(^|_)share$/i.test(name)) return 'share';
  return 'count';
}
