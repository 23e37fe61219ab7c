import { useMemo, useState } from 'react';
import { visibleText } from 'base/text';
import { csvOf, type Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { ViewLink } from 'widgets/page/ViewLink';
import { cellText, plainValue, type AnswerColumn, type SqlAnswer, type SqlValue } from './answer';
import { RowDialog } from './RowDialog';

export interface ResultRow {
  at: number;
  cells: readonly SqlValue[];
}

const CHAR_PX = 7.2;
const HEAD_SHARE = 0.85; // Heads are written smaller.
const SAMPLED_ROWS = 100;
const CHARS_MAX = 44;

export function ResultTable({ answer }: { answer: SqlAnswer }) {
  const rows = useMemo(() => rowsOf(answer), [answer]);
  const columns = useMemo(() => [ROW_NUMBER, ...columnsOf(answer)], [answer]);
  const [open, setOpen] = useState<ResultRow | null>(null);
  return (
    <div className="sql-result">
      <DataTable
        label="Result"
        rows={rows}
        columns={columns}
        rowKey={({ at }) => String(at)}
        onOpen={setOpen}
        {...(open && { active: String(open.at) })}
      />
      {open && <RowDialog columns={answer.columns} row={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

// What opens a row: cells of the others may be links themselves.
const ROW_NUMBER: Column<ResultRow> = {
  id: '#',
  label: 'Row',
  fixed: true,
  quiet: true,
  width: '44px',
  value: ({ at }) => at + 1,
  cell: ({ at }) => <span className="sql-at">{at + 1}</span>,
};

const rowsOf = ({ rows }: SqlAnswer): ResultRow[] => rows.map((cells, at) => ({ at, cells }));

export function answerCsv(answer: SqlAnswer): string {
  return csvOf(columnsOf(answer), rowsOf(answer));
}

function columnsOf(answer: SqlAnswer): Column<ResultRow>[] {
  return answer.columns.map((column, i) => {
    const { name, type, kind } = column;
    const number = kind === 'number';
    const chars = widest(answer, column, i);
    const px = Math.round(Math.min(chars, CHARS_MAX) * CHAR_PX) + 4;
    return {
      id: answer.columns.findIndex((one) => one.name === name) === i ? name : `${name} (${i + 1})`,
      label: visibleText(name),
      title: type,
      number,
      width: number ? `minmax(${px}px, 0.6fr)` : `minmax(${px}px, 1fr)`,
      value: ({ cells }) => plainValue(cells[i] ?? null, kind),
      cell: ({ cells }) => <Cell value={cells[i] ?? null} column={column} />,
    };
  });
}

function widest({ rows }: SqlAnswer, { name, kind }: AnswerColumn, at: number): number {
  let chars = (name.length + 2) * HEAD_SHARE;
  for (const row of rows.slice(0, SAMPLED_ROWS)) {
    chars = Math.max(chars, cellText(row[at] ?? null, kind).length);
  }
  return Math.max(6, chars);
}

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;

function Cell({ value, column }: { value: SqlValue; column: AnswerColumn }) {
  if (value === null) return <span className="sql-null">NULL</span>;
  const text = visibleText(cellText(value, column.kind));
  if (column.name === 'trace_id' && TRACE_ID.test(text)) {
    return (
      <ViewLink to="/traces/$trace_id" params={{ trace_id: text }} className="mono">
        {text}
      </ViewLink>
    );
  }
  return <span className={column.kind === 'other' ? 'mono' : undefined}>{text}</span>;
}
