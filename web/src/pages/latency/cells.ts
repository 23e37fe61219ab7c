// A rectangle of the heat map: as text of the address, and as a filter for the traces in it.

import { parseTime } from 'base/format';
import { both } from 'widgets/page/narrow';
import type { HeatMeasure, Subject } from './subject';

export interface Cells {
  fromMs: number;
  toMs: number;
  low: number; // Milliseconds.
  high: number | null; // null: without an upper end.
}

// The outermost rows that the server has count what is beyond, too.
const LOWEST_MS = 0.001;
const HIGHEST_MS = 1e8;

const iso = (ms: number): string => new Date(ms).toISOString();

// "2026-11-20T10:00:00.000Z_2026-11-20T10:15:00.000Z_1000_2371.373706"
export function cellsText({ fromMs, toMs, low, high }: Cells): string {
  return [iso(fromMs), iso(toMs), low, high ?? ''].join('_');
}

// null: no such text.
export function parseCells(text: string): Cells | null {
  const parts = text.split('_');
  if (parts.length !== 4) return null;
  const [fromMs, toMs] = [parseTime(parts[0]!), parseTime(parts[1]!)];
  const [low, high] = [Number(parts[2]), parts[3] === '' ? null : Number(parts[3])];
  const right = fromMs < toMs && low >= 0 && (high === null || high > low);
  return right ? { fromMs, toMs, low, high } : null;
}

// The filter `q` and what is in the cells.
export function cellsFilter(
  q: string,
  { filter }: Pick<Subject, 'filter'>,
  measure: HeatMeasure,
  { fromMs, toMs, low, high }: Cells,
): string {
  const terms = [filter, `end >= ${iso(fromMs)}`, `end < ${iso(toMs)}`];
  if (measure === 'ttft') terms.push('ttft != null');
  if (low > LOWEST_MS) terms.push(`${measure} >= ${low}ms`);
  if (high !== null && high < HIGHEST_MS) terms.push(`${measure} < ${high}ms`);
  return both(q, terms.join(' AND '));
}

const DAY_MS = 86_400_000;

// Lists of traces are by when these started: before their calls ended, and rarely more than a day.
export function tracesWindow({ fromMs, toMs }: Cells): { since: string; until: string } {
  return { since: iso(fromMs - DAY_MS), until: iso(toMs) };
}
