// Tree and waterfall side by side, one row a span; only rows in view are in the page.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useMemo, useRef, type Ref } from 'react';
import { formatDuration } from 'base/format';
import { useStored } from 'base/stored';
import { useWidth } from 'base/width';
import { Splitter } from 'widgets/layout/Splitter';
import type { Rollup } from '../model/rollup';
import { hasChildren, positionOf, type SpanTree } from '../model/tree';
import type { Segment } from './critical';
import { ticksOf, type Window } from './scale';
import { SpanRow } from './SpanRow';
import { useAnchor } from './useAnchor';
import { useBrush } from './useBrush';
import './SpanTable.css';

const ROW_PX = 26;
const OVERSCAN = 5;
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
  rollup: Rollup;
  collapsed: ReadonlySet<string>;
  active: number; // Index in the tree, -1 for none.
  open: boolean; // Whether the active span's details are shown.
  matches: ReadonlySet<number> | null;
  window: Window;
  now: number | null;
  path: ReadonlyMap<number, readonly Segment[]> | null; // The critical one, when it is shown.
  onKeyDown: (event: React.KeyboardEvent) => void;
  onPick: (row: number) => void;
  onToggle: (row: number, below: boolean) => void;
  onZoom: (row: number) => void;
  onWindow: (window: Window) => void;
  handle: Ref<SpanTableHandle>;
}

export function SpanTable(props: SpanTableProps) {
  const { tree, rows, rollup, collapsed, active, open, matches, window, path, handle } = props;
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
  useAnchor(scroller, tree, rows, ROW_PX);

  // Rows that leave give their elements to those that come: setting texts is quicker than making elements.
  const items = virtual.getVirtualItems();
  const slots = useRef(1);
  slots.current = Math.max(slots.current, items.length);
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
        onKeyDown={props.onKeyDown}
      >
        <div className="spans-row spans-head" role="row">
          <span role="columnheader">Span</span>
          <span role="columnheader" className="number">
            Duration
          </span>
          <span role="columnheader" className="number spans-tokens">
            Tokens
          </span>
          <span role="columnheader" className="number spans-own" title="Of the span itself">
            Cost
          </span>
          <span role="columnheader" className="number" title="With everything below it">
            With children
          </span>
          <Ruler window={window} onWindow={props.onWindow} />
        </div>
        <div className="spans-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index]!;
            const span = tree.spans[row]!;
            return (
              <SpanRow
                key={item.index % slots.current}
                span={span}
                row={row}
                position={item.index}
                top={item.start}
                depth={tree.depth[row]!}
                inside={hasChildren(tree, row) ? tree.end[row]! - row - 1 : 0}
                rollup={rollup}
                collapsed={collapsed.has(span.span_id)}
                active={row === active}
                open={open && row === active}
                match={matches === null ? null : matches.has(row)}
                window={window}
                now={span.status === 'running' ? props.now : null}
                path={path === null ? null : (path.get(row) ?? NOT_ON_PATH)}
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

const NOT_ON_PATH: readonly Segment[] = [];

// Ticks of the time; dragging over them shows that part.
function Ruler({ window, onWindow }: { window: Window; onWindow: (window: Window) => void }) {
  const axis = useRef<HTMLSpanElement>(null);
  const width = useWidth(axis);
  const ticks = useMemo(() => ticksOf(window, Math.floor(width / TICK_PX)), [window, width]);
  const size = window.to - window.from;
  const { part, handlers } = useBrush((from, to) =>
    onWindow({ from: window.from + from * size, to: window.from + to * size }),
  );
  return (
    <span
      ref={axis}
      role="columnheader"
      className="spans-axis"
      aria-label="Time"
      title="Drag to show a part of the time"
      {...handlers}
    >
      {ticks.map((tick) => (
        <span
          key={tick}
          className="spans-tick"
          style={{ left: `${((tick - window.from) / size) * 100}%` }}
        >
          {formatDuration(tick)}
        </span>
      ))}
      {part && (
        <span
          className="spans-brush"
          style={{ left: `${part.from * 100}%`, width: `${(part.to - part.from) * 100}%` }}
        />
      )}
    </span>
  );
}
