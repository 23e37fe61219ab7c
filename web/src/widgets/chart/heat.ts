// A heat map as numbers: which cell is where, how strong its colour is.

export interface HeatData {
  times: readonly number[]; // Milliseconds since 1970, where each column begins.
  stepMs: number;
  edges: readonly number[]; // Where each row begins, upwards; the last one ends where `edges` does.
  counts: readonly (readonly number[])[]; // counts[column][row].
}

export interface HeatCells {
  fromMs: number;
  toMs: number;
  low: number;
  high: number | null; // null: without an upper end.
  count: number;
}

export interface CellRange {
  column0: number;
  column1: number;
  row0: number;
  row1: number;
}

export const rowsOf = (data: HeatData): number => data.counts[0]?.length ?? 0;

// 0 for none, else up to 1, by the logarithm: one call among thousands is still seen.
export function heatOf(count: number, max: number): number {
  if (count <= 0) return 0;
  return max <= 1 ? 1 : 0.15 + (0.85 * Math.log(count)) / Math.log(max);
}

export function maxCount(data: HeatData): number {
  let max = 0;
  for (const column of data.counts) for (const count of column) if (count > max) max = count;
  return max;
}

// What a rectangle of cells stands for; its corners in any order.
export function cellsOf(data: HeatData, range: CellRange): HeatCells {
  const [c0, c1] = [Math.min(range.column0, range.column1), Math.max(range.column0, range.column1)];
  const [r0, r1] = [Math.min(range.row0, range.row1), Math.max(range.row0, range.row1)];
  let count = 0;
  for (let c = c0; c <= c1; ++c) for (let r = r0; r <= r1; ++r) count += data.counts[c]?.[r] ?? 0;
  return {
    fromMs: data.times[c0] ?? 0,
    toMs: (data.times[c1] ?? 0) + data.stepMs,
    low: data.edges[r0] ?? 0,
    high: data.edges[r1 + 1] ?? null,
    count,
  };
}

// The cells that a rectangle of former cells covers in these; null: it lies outside of them.
export function rangeOf(
  data: HeatData,
  { fromMs, toMs, low, high }: Pick<HeatCells, 'fromMs' | 'toMs' | 'low' | 'high'>,
): CellRange | null {
  const inside = (from: number, to: number, first: number, last: number) =>
    from < last && to > first;
  const columns = indexes(data.times.length, (i) =>
    inside(data.times[i]!, data.times[i]! + data.stepMs, fromMs, toMs),
  );
  const rows = indexes(rowsOf(data), (i) =>
    inside(data.edges[i]!, data.edges[i + 1] ?? Infinity, low, high ?? Infinity),
  );
  if (columns.length === 0 || rows.length === 0) return null;
  return {
    column0: columns[0]!,
    column1: columns[columns.length - 1]!,
    row0: rows[0]!,
    row1: rows[rows.length - 1]!,
  };
}

function indexes(count: number, holds: (index: number) => boolean): number[] {
  return Array.from({ length: count }, (_, i) => i).filter(holds);
}

export interface HeatBand {
  row0: number;
  row1: number;
  low: number;
  high: number | null;
}

// All rows, so many of them taken together that `most` bands are left.
export function bandsOf(data: HeatData, most: number): HeatBand[] {
  const rows = rowsOf(data);
  const size = Math.max(1, Math.ceil(rows / most));
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => {
    const [row0, row1] = [i * size, Math.min(rows, (i + 1) * size) - 1];
    return { row0, row1, low: data.edges[row0] ?? 0, high: data.edges[row1 + 1] ?? null };
  });
}

// Rows with a label beside them, at least `spacePx` apart.
export function labelledRows(rows: number, heightPx: number, spacePx: number): number[] {
  const every = Math.max(1, Math.ceil((rows * spacePx) / Math.max(1, heightPx)));
  return Array.from({ length: Math.ceil(rows / every) }, (_, i) => i * every);
}

export const DAY_MS = 86_400_000;
// From here on days are what one looks for.
export const DAYS_FROM_MS = 2 * DAY_MS;

// Columns with a label below them, at least `every` apart: each so many, or, where days pass, those in
// which one begins by the reader's clock.
export function labelledColumns({ times, stepMs }: HeatData, every: number): number[] {
  const spanMs = times.length * stepMs;
  if (spanMs <= DAYS_FROM_MS) return indexes(times.length, (i) => i % every === 0);
  let last = -Infinity;
  return indexes(times.length, (i) => {
    const midnight = new Date(times[i]! + stepMs - 1).setHours(0, 0, 0, 0);
    if (midnight < times[i]! || i - last < every) return false;
    last = i;
    return true;
  });
}
