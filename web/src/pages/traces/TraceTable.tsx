// Rows of traces; only those in view are in the page.

import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Trace } from 'api/types';
import { classes } from 'base/classes';
import {
  formatCost,
  formatCount,
  formatDuration,
  formatInt,
  formatTime,
  plural,
} from 'base/format';
import { visibleText } from 'base/text';
import { Status } from 'widgets/figures/Status';
import { moveBy } from 'widgets/table/columns';
import { shownStatus } from './rows';
import './TraceTable.css';

const ROW_PX = 28;
const OVERSCAN = 12;
// Older rows are asked for when the end is this near.
const LOAD_AHEAD_ROWS = 30;

const COLUMNS: readonly { name: string; number?: boolean; title?: string }[] = [
  { name: 'Started' },
  { name: 'Trace', title: 'Name of the root span' },
  { name: 'Feature' },
  { name: 'User' },
  { name: 'Status' },
  { name: 'Duration', number: true },
  { name: 'Tokens in', number: true },
  { name: 'out', number: true },
  { name: 'Cost', number: true },
  { name: 'Calls', number: true, title: 'LLM calls' },
  { name: 'Tools', number: true, title: 'Tool calls' },
  { name: 'Errors', number: true, title: 'Spans with an error' },
  { name: 'Models' },
];

interface TraceTableProps {
  rows: readonly Trace[];
  seenAt: ReadonlyMap<string, number>;
  more: boolean;
  loadingMore: boolean;
  onLoadMore: () => void;
  onOpen: (traceId: string) => void;
  onNarrow: (field: string, value: string) => void;
}

export function TraceTable(props: TraceTableProps) {
  const { rows, seenAt, more, loadingMore, onLoadMore, onOpen, onNarrow } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState('');
  const now = useNow(rows.some((trace) => trace.status === 'running' || trace.orphans > 0));
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    getItemKey: (i) => rows[i]!.trace_id,
  });
  useSteadyScroll(scroller, rows);

  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (more && !loadingMore && last > rows.length - LOAD_AHEAD_ROWS) onLoadMore();
  }, [more, loadingMore, last, rows.length, onLoadMore]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const current = rows.findIndex((trace) => trace.trace_id === activeId);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 1);
    const to = moveBy(event.key, current, rows.length, page);
    if (to !== null) {
      event.preventDefault();
      setActiveId(rows[to]?.trace_id ?? '');
      virtual.scrollToIndex(to);
    } else if (event.key === 'Enter' && activeId !== '') {
      onOpen(activeId);
    }
  };

  return (
    <div
      ref={scroller}
      className="traces-scroll"
      role="grid"
      aria-label="Traces"
      aria-rowcount={more ? -1 : rows.length + 1}
      aria-activedescendant={activeId === '' ? undefined : `trace-${activeId}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className="traces-row traces-head" role="row">
        {COLUMNS.map((column) => (
          <span
            key={column.name}
            role="columnheader"
            title={column.title}
            className={classes(column.number && 'number')}
          >
            {column.name}
          </span>
        ))}
      </div>
      <div className="traces-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const trace = rows[item.index]!;
          return (
            <TraceRow
              key={trace.trace_id}
              trace={trace}
              index={item.index}
              top={item.start}
              active={trace.trace_id === activeId}
              status={shownStatus(trace, seenAt.get(trace.trace_id), now)}
              onNarrow={onNarrow}
            />
          );
        })}
      </div>
      <p className="traces-end dim">
        {loadingMore
          ? 'Loading older traces …'
          : more
            ? ''
            : `${plural(rows.length, 'trace')}, no older ones in this window`}
      </p>
    </div>
  );
}

const TraceRow = memo(function TraceRow({
  trace,
  index,
  top,
  active,
  status,
  onNarrow,
}: {
  trace: Trace;
  index: number;
  top: number;
  active: boolean;
  status: Trace['status'];
  onNarrow: (field: string, value: string) => void;
}) {
  const unpriced = trace.unpriced_calls > 0;
  return (
    <div
      id={`trace-${trace.trace_id}`}
      role="row"
      aria-rowindex={index + 2}
      className={classes('traces-row', active && 'traces-row-active')}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span role="gridcell" className="dim" title={trace.started_at}>
        {formatTime(trace.started_at, new Date())}
      </span>
      <span role="gridcell" className="cut">
        <Link
          to="/traces/$trace_id"
          params={{ trace_id: trace.trace_id }}
          className="traces-link"
          tabIndex={-1}
        >
          {visibleText(trace.root_name) || trace.trace_id}
        </Link>
      </span>
      <Narrowing field="feature" value={trace.feature} onNarrow={onNarrow} />
      <Narrowing field="user_id" value={trace.user_id} onNarrow={onNarrow} />
      <span role="gridcell">
        <Status status={status} title={visibleText(trace.status_message)} />
      </span>
      <span role="gridcell" className="number">
        {formatDuration(trace.duration_ms)}
      </span>
      <Count value={trace.input_tokens} />
      <Count value={trace.output_tokens} />
      <span
        role="gridcell"
        className={classes('number', unpriced && 'warn')}
        title={
          unpriced ? `${plural(trace.unpriced_calls, 'call')} without a known price` : undefined
        }
      >
        {formatCost(trace.cost_usd)}
        {unpriced && trace.cost_usd !== null && '+'}
      </span>
      <Count value={trace.llm_calls} />
      <Count value={trace.tool_calls} />
      <Count value={trace.errors} bad />
      <span role="gridcell" className="cut dim" title={trace.models.join(', ')}>
        {visibleText(trace.models.join(', '))}
      </span>
    </div>
  );
});

function Count({ value, bad = false }: { value: number; bad?: boolean }) {
  return (
    <span
      role="gridcell"
      className={classes('number', value === 0 ? 'traces-zero' : bad && 'bad')}
      title={value >= 100_000 ? formatInt(value) : undefined}
    >
      {formatCount(value)}
    </span>
  );
}

function Narrowing({
  field,
  value,
  onNarrow,
}: {
  field: string;
  value: string;
  onNarrow: (field: string, value: string) => void;
}) {
  return (
    <span role="gridcell" className="cut">
      {value !== '' && (
        <button
          type="button"
          className="traces-narrow"
          tabIndex={-1}
          title={`Only ${field} = ${value}`}
          onClick={() => onNarrow(field, value)}
        >
          {visibleText(value)}
        </button>
      )}
    </span>
  );
}

// New rows on top do not move what somebody reads further down.
function useSteadyScroll(scroller: React.RefObject<HTMLDivElement>, rows: readonly Trace[]) {
  const before = useRef(rows);
  useLayoutEffect(() => {
    const old = before.current;
    before.current = rows;
    const element = scroller.current;
    if (!element || old === rows || element.scrollTop < ROW_PX) return;
    const at = Math.min(old.length - 1, Math.floor(element.scrollTop / ROW_PX));
    const id = old[at]?.trace_id;
    const now = rows.findIndex((trace) => trace.trace_id === id);
    if (now > at) element.scrollTop += (now - at) * ROW_PX;
  }, [scroller, rows]);
}

// The time, now and then, while a row depends on it.
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(timer);
  }, [ticking]);
  return Math.max(now, Date.now() - 5_000);
}
