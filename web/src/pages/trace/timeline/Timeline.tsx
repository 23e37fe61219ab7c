// The spans as a tree beside their bars on the time axis.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { findRows, nextRow, parentsFrom, reveal, visibleRows } from '../model/tree';
import type { TraceTabProps } from '../tabs';
import { stepFor } from './keys';
import { wholeWindow, windowAround, type Window } from './scale';
import { SpanTable, type SpanTableHandle } from './SpanTable';
import { TimelineTools } from './TimelineTools';
import './Timeline.css';

export function Timeline({ tree, search, change, home }: TraceTabProps) {
  const table = useRef<SpanTableHandle>(null);
  const finder = useRef<HTMLInputElement>(null);
  const { spans } = tree;

  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set<string>());
  const rows = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed]);
  const whole = useMemo(() => wholeWindow(spans), [spans]);
  const [zoom, setZoom] = useState<Window | null>(null);

  const find = search.find ?? '';
  const found = useMemo(() => findRows(tree, find), [tree, find]);
  const matches = useMemo(() => (find === '' ? null : new Set(found)), [find, found]);
  const errors = useMemo(
    () => Int32Array.from(spans.flatMap((span, row) => (span.status === 'error' ? [row] : []))),
    [spans],
  );

  const openId = search.span;
  const [activeId, setActiveId] = useState(openId ?? spans[0]?.span_id ?? '');
  const active = tree.index.get(activeId) ?? -1;
  const open = openId !== undefined && tree.index.has(openId);

  const moveTo = useCallback(
    (row: number, openIt: boolean) => {
      const span = tree.spans[row];
      if (!span) return;
      setCollapsed((before) => reveal(tree, before, row));
      setActiveId(span.span_id);
      if (openIt) change({ span: span.span_id });
    },
    [tree, change],
  );
  // Only once the tree shows it can the table scroll to it.
  useEffect(() => {
    if (active >= 0) table.current?.scrollTo(active);
    // Not when rows arrive: that would take the reader away from where they look.
  }, [activeId]);
  // Back, forward and links in the details move to what the address says.
  useEffect(() => {
    if (openId === undefined) return;
    setCollapsed((before) => reveal(tree, before, tree.index.get(openId) ?? -1));
    setActiveId(openId);
  }, [openId]);
  useEffect(() => {
    home.current = () => table.current?.focus();
    return () => void (home.current = null);
  }, [home]);

  const toggle = useCallback(
    (row: number) =>
      setCollapsed((before) => {
        const next = new Set(before);
        const id = tree.spans[row]!.span_id;
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [tree],
  );
  const pick = useCallback((row: number) => moveTo(row, true), [moveTo]);
  const zoomTo = useCallback(
    (row: number) => setZoom(windowAround(tree.spans[row]!, whole)),
    [tree, whole],
  );
  const close = () => {
    change({ span: undefined });
    table.current?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = stepFor(event.key, {
      tree,
      rows,
      collapsed,
      active,
      page: table.current?.pageRows() ?? 10,
      found,
      errors,
    });
    if (step === null) return;
    event.preventDefault();
    switch (step.do) {
      case 'move':
        return moveTo(step.row, open);
      case 'toggle':
        return toggle(step.row);
      case 'open':
        return open ? close() : moveTo(active, true);
      case 'close':
        if (open) return close();
        return setZoom(null);
      case 'zoom':
        return zoom ? setZoom(null) : zoomTo(active);
      case 'find':
        return finder.current?.focus();
    }
  };

  return (
    <div className="timeline">
      <TimelineTools
        finder={finder}
        find={find}
        found={found.length}
        at={found.indexOf(active)}
        errors={errors.length}
        zoomed={zoom !== null}
        onFind={(text) => change({ find: text === '' ? undefined : text })}
        onStep={(step) => moveTo(nextRow(found, active, step), open)}
        onLeave={() => table.current?.focus()}
        onError={() => moveTo(nextRow(errors, active, 1), true)}
        onFold={() => setCollapsed(parentsFrom(tree, 1))}
        onUnfold={() => setCollapsed(new Set())}
        onWhole={() => setZoom(null)}
      />
      <SpanTable
        tree={tree}
        rows={rows}
        collapsed={collapsed}
        active={active}
        open={open}
        matches={matches}
        window={zoom ?? whole}
        onKeyDown={onKeyDown}
        onPick={pick}
        onToggle={toggle}
        onZoom={zoomTo}
        handle={table}
      />
    </div>
  );
}
