// Tree and waterfall side by side, one row a span; only rows in view are in the page.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useMemo, useRef, type Ref } from 'react';
import { formatDuration } from 'base/format';
import { useStored } from 'base/stored';
import { useWidth } from 'base/width';
import { Splitter } from 'widgets/layout/Splitter';
import { ticksOf, type Window } from './scale';
import { SpanRow } from './SpanRow';
import { hasChildren, positionOf, type SpanTree } from '../model/tree';
import './SpanTable.css';

const ROW_PX = 26;
const OVERSCAN = 8;
// A tick's text needs so much.
const TICK_PX = 76;
const NAME_MIN_PX = 160;
const NAME_MAX_PX = 900;

export interface SpanTableHandle {
  focus: () => void;
  scrollTo: (row: number) => void;
  pageRows: () => number;
}

interface SpanTableProps {
  tree: SpanTree;
  rows: Int32Array;
  collapsed: ReadonlySet<string>;
  active: number; // Index in the tree, -1 for none.
  open: boolean; // Whether the active span's details are shown.
  matches: ReadonlySet<number> | null;
  window: Window;
  onKeyDown: (event: React.KeyboardEvent) => void;
  onPick: (row: number) => void;
  onToggle: (row: number) => void;
  onZoom: (row: number) => void;
  handle: Ref<SpanTableHandle>;
}

export function SpanTable(props: SpanTableProps) {
  const { tree, rows, collapsed, active, open, matches, window, onKeyDown, handle } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [nameWidth, setNameWidth] = useStored('trace.name-width', 300);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollPaddingStart: ROW_PX,
  });
  useImperativeHandle(handle, () => ({
    focus: () => scroller.current?.focus({ preventScroll: true }),
    scrollTo: (row) => {
      const at = positionOf(tree, rows, row);
      if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
    },
    pageRows: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2),
  }));
  useEffect(() => scroller.current?.focus({ preventScroll: true }), []);

  const axis = useRef<HTMLSpanElement>(null);
  const axisWidth = useWidth(axis);
  const ticks = useMemo(
    () => ticksOf(window, Math.floor(axisWidth / TICK_PX)),
    [window, axisWidth],
  );
  const size = window.to - window.from;
  return (
    <div className="spans" style={{ '--name-width': `${nameWidth}px` } as React.CSSProperties}>
      <div
        ref={scroller}
        className="spans-scroll"
        role="treegrid"
        aria-label="Spans"
        aria-rowcount={rows.length + 1}
        aria-activedescendant={active >= 0 ? `span-${tree.spans[active]!.span_id}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div className="spans-row spans-head" role="row">
          <span role="columnheader">Span</span>
          <span role="columnheader" className="number">
            Duration
          </span>
          <span role="columnheader" className="number">
            Tokens
          </span>
          <span role="columnheader" className="number">
            Cost
          </span>
          <span ref={axis} role="columnheader" className="spans-axis" aria-label="Time">
            {ticks.map((tick) => (
              <span
                key={tick}
                className="spans-tick"
                style={{ left: `${((tick - window.from) / size) * 100}%` }}
              >
                {formatDuration(tick)}
              </span>
            ))}
          </span>
        </div>
        <div className="spans-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]!;
            const span = tree.spans[row]!;
            return (
              <SpanRow
                key={span.span_id}
                span={span}
                row={row}
                position={item.index}
                top={item.start}
                depth={tree.depth[row]!}
                inside={hasChildren(tree, row) ? tree.end[row]! - row - 1 : 0}
                collapsed={collapsed.has(span.span_id)}
                active={row === active}
                open={open && row === active}
                match={matches === null ? null : matches.has(row)}
                window={window}
                onPick={props.onPick}
                onToggle={props.onToggle}
                onZoom={props.onZoom}
              />
            );
          })}
        </div>
      </div>
      <div className="spans-splitter">
        <Splitter
          label="Width of the names"
          width={nameWidth}
          min={NAME_MIN_PX}
          max={NAME_MAX_PX}
          side="left"
          onWidth={setNameWidth}
        />
      </div>
    </div>
  );
}
