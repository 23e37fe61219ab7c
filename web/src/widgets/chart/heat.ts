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

// Rows with a label beside them, at least `spacePx` apart.
export function labelledRows(rows: number, heightPx: number, spacePx: number): number[] {
  const every = Math.max(1, Math.ceil((rows * spacePx) / Math.max(1, heightPx)));
  return Array.from({ length: Math.ceil(rows / every) }, (_, i) => i * every);
}
