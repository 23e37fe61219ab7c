import { memo } from 'react';
import type { SpanStatus, Trace } from 'api/types';
import { classes } from 'base/classes';
import { visibleText } from 'base/text';
import { NAME_COLUMN, type TraceColumn } from './columns';

interface TraceRowProps {
  trace: Trace;
  columns: readonly TraceColumn[];
  tracks: string;
  index: number;
  top: number;
  active: boolean;
  selected: boolean;
  status: SpanStatus;
  now: number;
  onOpen: (traceId: string) => void;
  onSelect: (traceId: string) => void;
  onNarrow: (field: string, value: string) => void;
}

// Drawn again only when something of it changed: a list that is live has many.
export const TraceRow = memo(function TraceRow(props: TraceRowProps) {
  const { trace, columns, tracks, index, top, active, selected, status, now } = props;
  const name = visibleText(trace.root_name) || trace.trace_id;
  return (
    <div
      id={`trace-${trace.trace_id}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={classes(
        'traces-row',
        active && 'traces-row-active',
        selected && 'traces-row-selected',
      )}
      style={{ gridTemplateColumns: tracks, transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" className="traces-check">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select ${name}`}
          checked={selected}
          onChange={() => props.onSelect(trace.trace_id)}
        />
      </span>
      {columns.map((column) => (
        <span
          key={column.id}
          role="gridcell"
          className={classes('cut', column.number && 'number')}
          title={titleOf(column, trace)}
        >
          {column.id === NAME_COLUMN ? (
            // Not the router's link, which costs as much as the rest of the row: hundreds pass by.
            <a
              href={`/traces/${trace.trace_id}`}
              className="traces-link"
              tabIndex={-1}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
                event.preventDefault();
                props.onOpen(trace.trace_id);
              }}
            >
              {name}
            </a>
          ) : column.field !== undefined ? (
            <Narrowing column={column} trace={trace} onNarrow={props.onNarrow} />
          ) : (
            (column.draw?.(trace, { status, now }) ?? visibleText(String(column.value(trace))))
          )}
        </span>
      ))}
    </div>
  );
});

// What a column cuts off.
function titleOf(column: TraceColumn, trace: Trace): string | undefined {
  if (column.number || column.field !== undefined || column.id === 'started_at') return undefined;
  const value = column.value(trace);
  return typeof value === 'string' && value !== '' ? visibleText(value) : undefined;
}

function Narrowing({
  column,
  trace,
  onNarrow,
}: {
  column: TraceColumn;
  trace: Trace;
  onNarrow: (field: string, value: string) => void;
}) {
  const value = String(column.value(trace) ?? '');
  if (value === '') return null;
  return (
    <button
      type="button"
      className="traces-narrow"
      tabIndex={-1}
      title={`Only ${column.field} = ${visibleText(value)}`}
      onClick={() => onNarrow(column.field!, value)}
    >
      {visibleText(value)}
    </button>
  );
}
