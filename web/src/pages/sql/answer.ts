// What the server answers to a statement, with every digit: JSON numbers that a double cannot hold stay
// as they were written.

// A number beyond what a double holds, in its own digits.
export class Exact {
  constructor(readonly digits: string) {}
  toString(): string {
    return this.digits;
  }
  toJSON(): string {
    return this.digits;
  }
}

export type SqlValue =
  null | boolean | number | string | Exact | SqlValue[] | { [key: string]: SqlValue };

export type ColumnKind = 'number' | 'time' | 'boolean' | 'text' | 'other';

export interface AnswerColumn {
  name: string;
  type: string; // The engine's.
  kind: ColumnKind;
}

export interface SqlAnswer {
  columns: readonly AnswerColumn[];
  rows: readonly (readonly SqlValue[])[];
  rowsRead: number;
  truncated: boolean;
  elapsedMs: number;
}

const PLAIN_DIGITS = 15; // Any number of so many digits survives a double.
const PIECE = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

// JSON, with Exact where JSON.parse would round. `mark` is what a text of the answer cannot be.
export function parseExact(json: string, mark = `${Math.random()}`): SqlValue {
  if (!new RegExp(`[\\d.]{${PLAIN_DIGITS + 1}}`).test(json)) return JSON.parse(json) as SqlValue;
  const marked = json.replace(PIECE, (piece) =>
    piece[0] === '"' || piece.length <= PLAIN_DIGITS || String(Number(piece)) === piece
      ? piece
      : `{"${mark}":"${piece}"}`,
  );
  return JSON.parse(marked, (_, value: unknown) => {
    const digits =
      value !== null && typeof value === 'object'
        ? (value as { [k: string]: unknown })[mark]
        : null;
    return typeof digits === 'string' ? new Exact(digits) : value;
  }) as SqlValue;
}

export function readAnswer(json: string): SqlAnswer {
  const answer = parseExact(json) as unknown as {
    columns: { name: string; type: string }[];
    rows: SqlValue[][];
    rows_read: number;
    truncated: boolean;
    elapsed_ms: number;
  };
  return {
    columns: answer.columns.map(({ name, type }) => ({ name, type, kind: kindOf(type) })),
    rows: answer.rows,
    rowsRead: Number(answer.rows_read),
    truncated: answer.truncated,
    elapsedMs: Number(answer.elapsed_ms),
  };
}

export function kindOf(type: string): ColumnKind {
  const inner = type.replace(/^(?:(?:LowCardinality|Nullable)\()+/, '');
  if (/^(?:U?Int|Float|BFloat|Decimal)/.test(inner)) return 'number';
  if (/^Date/.test(inner)) return 'time';
  if (/^Bool/.test(inner)) return 'boolean';
  return /^(?:String|FixedString|UUID|Enum|IPv|Nothing)/.test(inner) ? 'text' : 'other';
}

// As a cell shows it. Times as the statement made them, in UTC: "2026-11-20 10:52:13.25".
export function cellText(value: SqlValue, kind: ColumnKind): string {
  if (value === null) return 'NULL';
  if (kind === 'time' && typeof value === 'string') return timeText(value);
  if (typeof value === 'object' && !(value instanceof Exact)) return jsonText(value);
  return String(value);
}

function timeText(value: string): string {
  return value
    .replace('T', ' ')
    .replace('Z', '')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

// JSON with all digits: an Exact is written as the number it is.
export function jsonText(value: SqlValue): string {
  if (value instanceof Exact) return value.digits;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const [open, close, items] = Array.isArray(value)
    ? ['[', ']', value.map(jsonText)]
    : [
        '{',
        '}',
        Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${jsonText(item)}`),
      ];
  return items.length === 0 ? open + close : `${open}${items.join(', ')}${close}`;
}

// What a table and a spreadsheet take: plain values.
export function plainValue(value: SqlValue, kind: ColumnKind): number | string | boolean | null {
  if (value instanceof Exact) return value.digits;
  return value !== null && typeof value === 'object' ? cellText(value, kind) : value;
}

// One object a row, by the columns' names, for other programs.
export function answerJson({ columns, rows }: SqlAnswer): string {
  const lines = rows.map(
    (row) =>
      `  {${columns.map(({ name }, i) => `${JSON.stringify(name)}: ${jsonText(row[i] ?? null)}`).join(', ')}}`,
  );
  return lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`;
}
