// Rows of traces, newest first; only those in view are in the page.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Trace } from 'api/types';
import { classes } from 'base/classes';
import { formatInt, plural } from 'base/format';
import { Icon } from 'widgets/figures/Icon';
import { moveBy, tracksOf } from 'widgets/table/columns';
import type { TraceColumn } from './columns';
import { shownStatus } from './rows';
import { TraceRow } from './TraceRow';
import { useTopRow } from './useTopRow';
import './TraceTable.css';

const ROW_PX = 28;
const OVERSCAN = 12;
// Older rows are asked for when the end is this near.
const LOAD_AHEAD_ROWS = 30;
const CHECK_TRACK = '14px';
const CHECK_PX = 28;
const TICK_MS = 1_000;
const LETTERS = ['j', 'k', 'x'];
const TAKES_LETTERS = 'input:not([type=checkbox]), textarea, select, [role=menu]';

interface TraceTableProps {
  rows: readonly Trace[];
  columns: readonly TraceColumn[];
  total: number | null; // Of the window, as far as is known.
  seenAt: ReadonlyMap<string, number>;
  selected: ReadonlySet<string>;
  more: boolean;
  loadingMore: boolean;
  onLoadMore: () => void;
  onOpen: (traceId: string) => void;
  onSelect: (traceId: string) => void;
  onNarrow: (field: string, value: string) => void;
}

export function TraceTable(props: TraceTableProps) {
  const { rows, columns, total, seenAt, selected, more, loadingMore, onLoadMore } = props;
  const { onOpen, onSelect, onNarrow } = props;
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
  const { unseen, onScroll, toTop } = useTopRow(scroller, rows, ROW_PX);
  const { tracks, minPx } = useMemo(() => {
    const made = tracksOf(columns);
    return { tracks: `${CHECK_TRACK} ${made.tracks}`, minPx: made.minPx + CHECK_PX };
  }, [columns]);

  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (more && !loadingMore && last > rows.length - LOAD_AHEAD_ROWS) onLoadMore();
  }, [more, loadingMore, last, rows.length, onLoadMore]);

  useListKeys(scroller, (key) => {
    const current = rows.findIndex((trace) => trace.trace_id === activeId);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 1);
    const to = moveBy(key, current, rows.length, page);
    if (to !== null) {
      setActiveId(rows[to]?.trace_id ?? '');
      virtual.scrollToIndex(to);
      return true;
    }
    if (current < 0 || (key !== 'Enter' && key !== 'x')) return false;
    (key === 'Enter' ? onOpen : onSelect)(activeId);
    return true;
  });

  return (
    <div className="traces-frame">
      {unseen > 0 && (
        <button type="button" className="traces-unseen" onClick={toTop}>
          <Icon name="up" />
          {formatInt(unseen)} new
        </button>
      )}
      <div
        ref={scroller}
        className="traces-scroll"
        role="grid"
        aria-label="Traces"
        aria-multiselectable
        aria-rowcount={more ? -1 : rows.length + 1}
        aria-activedescendant={activeId === '' ? undefined : `trace-${activeId}`}
        tabIndex={0}
        onScroll={onScroll}
      >
        <div
          className="traces-row traces-head"
          role="row"
          style={{ gridTemplateColumns: tracks, minWidth: minPx }}
        >
          <span role="columnheader">
            <span className="sr-only">Selected</span>
          </span>
          {columns.map((column) => (
            <span
              key={column.id}
              role="columnheader"
              title={column.title}
              className={classes('cut', column.number && 'number')}
            >
              {column.label}
            </span>
          ))}
        </div>
        <div
          className="traces-body"
          role="rowgroup"
          style={{ height: virtual.getTotalSize(), minWidth: minPx }}
        >
          {items.map((item) => {
            const trace = rows[item.index]!;
            const status = shownStatus(trace, seenAt.get(trace.trace_id), now);
            return (
              <TraceRow
                key={trace.trace_id}
                trace={trace}
                columns={columns}
                tracks={tracks}
                index={item.index}
                top={item.start}
                active={trace.trace_id === activeId}
                selected={selected.has(trace.trace_id)}
                status={status}
                now={status === 'running' ? now : 0}
                onOpen={onOpen}
                onSelect={onSelect}
                onNarrow={onNarrow}
              />
            );
          })}
        </div>
        <p className="traces-end dim">{ending(rows.length, total, more, loadingMore)}</p>
      </div>
    </div>
  );
}

function ending(shown: number, total: number | null, more: boolean, loading: boolean): string {
  if (!more) return `${plural(shown, 'trace')}, no older ones in this window`;
  const of = total !== null && total > shown ? ` of ${formatInt(total)}` : '';
  return `${formatInt(shown)}${of} shown${loading ? ', loading older ones …' : ''}`;
}

// Keys of the list work wherever nothing else of the page takes them. `on` says whether it took one.
function useListKeys(list: React.RefObject<HTMLElement>, on: (key: string) => boolean): void {
  const latest = useRef(on);
  latest.current = on;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      const nowhere = target.tabIndex < 0 && !/^(A|BUTTON)$/.test(target.tagName);
      // On a button or a tick only letters, which mean nothing there.
      if (!nowhere && target !== list.current) {
        if (target.closest(TAKES_LETTERS) || !LETTERS.includes(event.key)) return;
      }
      if (document.querySelector('dialog[open]')) return;
      if (latest.current(event.key)) event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [list]);
}

// The time, every second while a row depends on it.
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
