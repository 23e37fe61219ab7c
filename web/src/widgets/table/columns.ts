// What a table shows, and what follows from it alone: order, text to copy, widths.

import type { ReactNode } from 'react';

export type CellValue = number | string | boolean | null | undefined;

export interface Column<Row> {
  id: string;
  label: string;
  title?: string; // What is counted, of what; shown when the head is pointed at.
  number?: boolean; // At the right, sorted from the largest.
  width?: string; // A track of CSS grid: '90px', 'minmax(120px, 2fr)'.
  hidden?: boolean; // Until somebody chooses it.
  fixed?: boolean; // Cannot be sorted by: bars, buttons.
  quiet?: boolean; // A fixed one whose head needs no word that is seen.
  value: (row: Row) => CellValue; // To sort by and to copy. In base units: ms, USD, a share of one.
  cell?: (row: Row) => ReactNode; // What is shown; without it, the value.
}

export interface Sort {
  by: string;
  desc: boolean;
}

// Unknown values stand at the end, whichever the direction.
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | null,
): readonly Row[] {
  const column = sort && columns.find(({ id }) => id === sort.by);
  if (!column) return rows;
  const sign = sort.desc ? -1 : 1;
  return rows
    .map((row, at) => ({ row, at, value: column.value(row) }))
    .sort((a, b) => compare(a.value, b.value, sign) || a.at - b.at)
    .map(({ row }) => row);
}

function compare(a: CellValue, b: CellValue, sign: number): number {
  const [noA, noB] = [a == null || a === '', b == null || b === ''];
  if (noA || noB) return Number(noA) - Number(noB);
  if (typeof a === 'string' && typeof b === 'string') {
    return sign * a.localeCompare(b, 'en', { numeric: true });
  }
  return sign * (Number(a) - Number(b));
}

// What a click on the head of `column` makes of the order.
export function nextSort(before: Sort | null, column: { id: string; number?: boolean }): Sort {
  const first = column.number === true;
  if (before?.by !== column.id) return { by: column.id, desc: first };
  return { by: column.id, desc: !before.desc };
}

export function csvOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ label }) => csvCell(label))];
  for (const row of rows) lines.push(columns.map(({ value }) => csvCell(value(row))));
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}

function csvCell(value: CellValue): string {
  if (value == null) return '';
  // A text that others sent must not become a formula of a spreadsheet; a number cannot.
  const formula =
    typeof value === 'string' && /^[=+\-@\t\r]/.test(value) && !/^-\d+(?:\.\d+)?$/.test(value);
  const text = formula ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function jsonOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const objects = rows.map((row) =>
    Object.fromEntries(columns.map(({ id, value }) => [id, value(row) ?? null])),
  );
  return JSON.stringify(objects, null, 2);
}

const GAP_PX = 14;

// Tracks of the grid, the same in every row, and below which width the table scrolls sideways.
export function tracksOf<Row>(columns: readonly Column<Row>[]): { tracks: string; minPx: number } {
  const widths = columns.map(
    ({ width, number }) => width ?? (number ? 'minmax(72px, 0.6fr)' : 'minmax(110px, 1.5fr)'),
  );
  const least = widths.map((width) => Number(/(\d+)px/.exec(width)?.[1] ?? 80));
  return {
    tracks: widths.join(' '),
    minPx: least.reduce((sum, px) => sum + px + GAP_PX, 2 * GAP_PX),
  };
}

// Where keys lead in a list of `count` rows; null: the key means something else. -1: none is chosen yet.
export function moveBy(key: string, at: number, count: number, page: number): number | null {
  const clamp = (to: number) => Math.max(0, Math.min(count - 1, to));
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return clamp(at + 1);
    case 'ArrowUp':
    case 'k':
      return clamp(at - 1);
    case 'PageDown':
      return clamp(at + page);
    case 'PageUp':
      return clamp(at - page);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
