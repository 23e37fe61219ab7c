// One trace: what is known of it, its views as tabs, and beside them the details of one span.

import { useParams } from '@tanstack/react-router';
import { Suspense, useEffect, useRef } from 'react';
import { useStored } from 'base/stored';
import { useTitle } from 'base/title';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Splitter } from 'widgets/layout/Splitter';
import { Tabs } from 'widgets/layout/Tabs';
import { SpanPanel } from './details/SpanPanel';
import type { ReadTrace } from './model/readTrace';
import { useTraceSearch } from './search';
import { tabOf, TABS } from './tabs';
import { TraceHeader } from './TraceHeader';
import { useTrace } from './useTrace';
import './TraceView.css';

const PANEL_MIN_PX = 320;
const PANEL_MAX_PX = 1200;

export function TraceView() {
  const { trace_id: traceId = '' } = useParams({ strict: false });
  const trace = useTrace(traceId);
  const [search] = useTraceSearch();
  const { load } = tabOf(search.view);
  // While the trace is read, so that the one does not wait for the other.
  useEffect(() => void load(), [load]);
  useTitle(trace.data?.trace.root_name ?? 'Trace');
  if (trace.data) return <Loaded key={traceId} read={trace.data} underWay={trace.underWay} />;
  if (trace.error) return <ErrorNotice error={trace.error} retry={() => void trace.refetch()} />;
  return <Waiting title="Reading the trace …" />;
}

function Loaded({ read, underWay }: { read: ReadTrace; underWay: boolean }) {
  const { trace, tree } = read;
  const [search, change] = useTraceSearch();
  const [panelWidth, setPanelWidth] = useStored('trace.panel-width', 480);
  const view = useRef<HTMLDivElement>(null);
  const home = useRef<(() => void) | null>(null);

  const { id, View } = tabOf(search.view);
  const open = search.span === undefined ? undefined : tree.index.get(search.span);
  const close = () => {
    change({ span: undefined });
    if (home.current) home.current();
    else view.current?.focus();
  };
  return (
    <main className="trace">
      <TraceHeader trace={trace} underWay={underWay} />
      <div className="trace-tabs">
        <Tabs
          label="Views of the trace"
          tabs={TABS}
          value={id}
          onChange={(next) => change({ view: next === TABS[0].id ? undefined : next }, 'push')}
        />
      </div>
      <div className="trace-body">
        <div
          key={id}
          ref={view}
          className="trace-view"
          role="tabpanel"
          aria-label={tabOf(id).label}
          tabIndex={-1}
        >
          <Suspense fallback={<Waiting title="Loading this view …" />}>
            <View {...{ trace, tree, underWay, search, change, home }} />
          </Suspense>
        </div>
        {open !== undefined && (
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
                span={tree.spans[open]!}
                tree={tree}
                tab={search.tab}
                onTab={(tab) => change({ tab })}
                onSpan={(span) => change({ span })}
                onClose={close}
              />
            </aside>
          </>
        )}
      </div>
    </main>
  );
}
