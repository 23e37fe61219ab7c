import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { TraceStructure } from 'api/types';
import { useStored } from 'base/stored';
import { useTitle } from 'base/title';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Splitter } from 'widgets/layout/Splitter';
import { SpanPanel } from './details/SpanPanel';
import { wholeWindow, windowAround, type Window } from './scale';
import { SpanTable, type SpanTableHandle } from './SpanTable';
import { TraceHeader } from './TraceHeader';
import { TraceTools } from './TraceTools';
import { buildTree, findRows, nextRow, parentsFrom, reveal, visibleRows } from './tree';
import { stepFor } from './keys';
import { useTrace } from './useTrace';
import './TraceView.css';

const PANEL_MIN_PX = 320;
const PANEL_MAX_PX = 1200;

interface Search {
  span?: string | undefined;
  tab?: string | undefined;
  find?: string | undefined;
}

export function TraceView() {
  const { trace_id: traceId = '' } = useParams({ strict: false });
  const trace = useTrace(traceId);
  useTitle(trace.data?.trace.root_name ?? 'Trace');
  if (trace.data) return <Loaded key={traceId} structure={trace.data} underWay={trace.underWay} />;
  if (trace.error) return <ErrorNotice error={trace.error} retry={() => void trace.refetch()} />;
  return <Waiting title="Reading the trace …" />;
}

function Loaded({ structure, underWay }: { structure: TraceStructure; underWay: boolean }) {
  const { trace, spans } = structure;
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const table = useRef<SpanTableHandle>(null);
  const finder = useRef<HTMLInputElement>(null);
  const [panelWidth, setPanelWidth] = useStored('trace.panel-width', 480);

  const tree = useMemo(() => buildTree(spans), [spans]);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set<string>());
  const rows = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed]);
  const whole = useMemo(() => wholeWindow(spans), [spans]);
  const [zoom, setZoom] = useState<Window | null>(null);

  const find = search.find ?? '';
  const found = useMemo(() => findRows(tree, find), [tree, find]);
  const matches = useMemo(() => (find === '' ? null : new Set(found)), [find, found]);
  const errors = useMemo(
    () =>
      Int32Array.from(tree.spans.flatMap((span, row) => (span.status === 'error' ? [row] : []))),
    [tree],
  );

  const openId = search.span;
  const [activeId, setActiveId] = useState(openId ?? tree.spans[0]?.span_id ?? '');
  const active = tree.index.get(activeId) ?? -1;
  const open = openId !== undefined && tree.index.has(openId);

  const change = useCallback(
    (next: Search) =>
      void navigate({
        to: '/traces/$trace_id',
        params: { trace_id: trace.trace_id },
        search: { ...search, ...next },
        replace: true,
      }),
    [navigate, search, trace.trace_id],
  );
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
  // Back and forward move to what the address says.
  useEffect(() => {
    if (openId !== undefined) setActiveId(openId);
  }, [openId]);

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
    <main className="trace">
      <TraceHeader trace={trace} underWay={underWay} />
      <TraceTools
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
      <div className="trace-body">
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
        {open && (
          <>
            <Splitter
              label="Width of the details"
              width={panelWidth}
              min={PANEL_MIN_PX}
              max={PANEL_MAX_PX}
              side="right"
              onWidth={setPanelWidth}
            />
            <aside className="trace-panel" style={{ width: panelWidth }} aria-label="Span">
              <SpanPanel
                traceId={trace.trace_id}
                span={tree.spans[tree.index.get(openId)!]!}
                tab={search.tab}
                onTab={(tab) => change({ tab })}
                onSpan={(id) => moveTo(tree.index.get(id) ?? -1, true)}
                onClose={close}
              />
            </aside>
          </>
        )}
      </div>
    </main>
  );
}
