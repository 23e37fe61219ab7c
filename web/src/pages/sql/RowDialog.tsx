import { formatTime } from 'base/format';
import { Dialog } from 'widgets/overlay/Dialog';
import { CopyButton } from 'widgets/text/CopyButton';
import { FoldedText } from 'widgets/text/FoldedText';
import { cellText, jsonText, type AnswerColumn } from './answer';
import type { ResultRow } from './ResultTable';

// A row in full, a line a column: what the table cuts off.
export function RowDialog({
  columns,
  row,
  onClose,
}: {
  columns: readonly AnswerColumn[];
  row: ResultRow;
  onClose: () => void;
}) {
  const json = () =>
    `{${columns.map(({ name }, i) => `${JSON.stringify(name)}: ${jsonText(row.cells[i] ?? null)}`).join(', ')}}`;
  return (
    <Dialog
      title={`Row ${row.at + 1}`}
      onClose={onClose}
      width={720}
      actions={<CopyButton text={json} label="Copy as JSON" />}
    >
      <dl className="sql-row">
        {columns.map((column, i) => {
          const value = row.cells[i] ?? null;
          return (
            <div key={i}>
              <dt>
                {column.name} <span className="dim">{column.type}</span>
              </dt>
              <dd>
                {value === null ? (
                  <span className="sql-null">NULL</span>
                ) : (
                  <FoldedText text={cellText(value, column.kind)} mono />
                )}
                {column.kind === 'time' && typeof value === 'string' && (
                  <span className="dim">{formatTime(value, new Date())} on your clock</span>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </Dialog>
  );
}
