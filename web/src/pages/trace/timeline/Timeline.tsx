// The spans as a tree beside their bars on the time axis.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useShortcuts } from 'base/shortcuts';
import { useCopy } from '../CopyMenu';
import { linkOf } from '../copy';
import { rollUp } from '../model/rollup';
import { foldBelow, nextRow, parentsFrom, reveal, visibleRows } from '../model/tree';
import type { TraceTabProps } from '../tabs';
import { criticalPath } from './critical';
import { SHORTCUTS, stepFor } from './keys';
import { Minimap } from './Minimap';
import { SpanTable, type SpanTableHandle } from './SpanTable';
import { TimelineTools } from './TimelineTools';
import { useClock } from './useClock';
import { useFound } from './useFound';
import { useTime } from './useTime';
import './Timeline.css';

export function Timeline({ trace, tree, search, change, home }: TraceTabProps) {
  const table = useRef<SpanTableHandle>(null);
  const finder = useRef<HTMLInputElement>(null);
  const copy = useCopy();
  useShortcuts(SHORTCUTS);
  const { spans } = tree;

  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set<string>());
  const rows = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed]);
  const rollup = useMemo(() => rollUp(tree), [tree]);
  const runs = useMemo(() => spans.some(({ status }) => status === 'running'), [spans]);
  const time = useTime(tree, useClock(runs, trace.started_at, 0), search.zoom, change);
  const { now, whole, part, setPart } = time;

  const withPath = search.path === 'yes';
  // Of a run under way as far as it has come when its spans were read: it need not follow the clock.
  const path = useMemo(
    () => (withPath ? criticalPath(tree, time.knownMs) : null),
    [tree, withPath],
  );

  const find = search.find ?? '';
  const found = useFound(tree, find);
  const matches = useMemo(() => (find === '' ? null : new Set(found.rows)), [find, found.rows]);
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
    (row: number, below: boolean) =>
      setCollapsed((before) => {
        const id = tree.spans[row]!.span_id;
        if (below) return foldBelow(tree, before, row, !before.has(id));
        const next = new Set(before);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [tree],
  );
  const pick = useCallback((row: number) => moveTo(row, true), [moveTo]);
  const { zoomTo } = time;
  const close = () => {
    change({ span: undefined });
    table.current?.focus();
  };
  const setPath = (on: boolean) => change({ path: on ? 'yes' : undefined });

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const context = {
      tree,
      rows,
      collapsed,
      active,
      page: table.current?.pageRows() ?? 10,
      found: found.rows,
      errors,
    };
    const step = stepFor(event.key, context, event.shiftKey);
    if (step === null) return;
    event.preventDefault();
    switch (step.do) {
      case 'move':
        return moveTo(step.row, open);
      case 'toggle':
        return toggle(step.row, false);
      case 'fold':
      case 'unfold':
        return setCollapsed((before) => foldBelow(tree, before, step.row, step.do === 'fold'));
      case 'open':
        return open ? close() : moveTo(active, true);
      case 'close':
        if (open) return close();
        return setPart(null);
      case 'zoom':
        return part ? setPart(null) : zoomTo(active);
      case 'scale':
        return time.scale(step.factor, active);
      case 'shift':
        return time.shift(step.by);
      case 'whole':
        return setPart(null);
      case 'path':
        return setPath(!withPath);
      case 'link':
        return copy(
          'A link to the span was copied',
          linkOf(window.location.origin, trace.trace_id, activeId),
        );
      case 'find':
        return finder.current?.focus();
    }
  };

  return (
    <div className="timeline">
      <TimelineTools
        finder={finder}
        find={find}
        found={found.rows.length}
        at={found.rows.indexOf(active)}
        errors={errors.length}
        zoomed={part !== null}
        path={path}
        onFind={(text) => change({ find: text === '' ? undefined : text })}
        onStep={(step) => moveTo(nextRow(found.now(), active, step), open)}
        onLeave={() => table.current?.focus()}
        onError={() => moveTo(nextRow(errors, active, 1), true)}
        onPath={setPath}
        onFold={() => setCollapsed(parentsFrom(tree, 1))}
        onUnfold={() => setCollapsed(new Set())}
        onWhole={() => setPart(null)}
      />
      <Minimap spans={spans} whole={whole} window={part} now={now} onWindow={setPart} />
      <SpanTable
        tree={tree}
        rows={rows}
        rollup={rollup}
        collapsed={collapsed}
        active={active}
        open={open}
        matches={matches}
        window={part ?? whole}
        now={now}
        path={path?.rows ?? null}
        onKeyDown={onKeyDown}
        onPick={pick}
        onToggle={toggle}
        onZoom={zoomTo}
        onWindow={setPart}
        handle={table}
      />
    </div>
  );
}
