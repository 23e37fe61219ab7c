// One span in whole. Its contents are read when somebody opens it, not before.

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useApi } from 'api/context';
import { readSpan } from 'api/span';
import type { Span, SpanDetails } from 'api/types';
import { formatCost, formatCount, formatDuration, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { KindIcon } from 'widgets/figures/KindIcon';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Status } from 'widgets/figures/Status';
import { CopyMenu } from '../CopyMenu';
import { Figure } from '../TraceHeader';
import { SpanContext } from '../context/SpanContext';
import type { SpanTree } from '../model/tree';
import { totalTokens } from '../model/usage';
import { useTraceSearch } from '../search';
import { AttributesTab } from './AttributesTab';
import { ContentTab } from './ContentTab';
import { EventsTab } from './EventsTab';
import { RawTab } from './RawTab';
import { UsageTab } from './UsageTab';
import './SpanPanel.css';

// Arrow keys may run over many spans; only where they rest is something read.
const SETTLE_MS = 120;

const TABS = ['content', 'context', 'usage', 'attributes', 'events', 'raw'] as const;
type Tab = (typeof TABS)[number];

// Only calls of models have a context.
const tabsOf = (span: Span): readonly Tab[] =>
  span.kind === 'llm' ? TABS : TABS.filter((tab) => tab !== 'context');

interface SpanPanelProps {
  traceId: string;
  span: Span;
  tree: SpanTree;
  tab: string | undefined;
  onTab: (tab: Tab | undefined) => void;
  onSpan: (spanId: string) => void;
  onClose: () => void;
}

export function SpanPanel(props: SpanPanelProps) {
  const { traceId, span, tree, tab, onTab, onSpan, onClose } = props;
  const api = useApi();
  const spanId = useResting(span.span_id);
  const details = useQuery({
    // A running span becomes another one when it ends.
    queryKey: ['span', traceId, spanId, span.status],
    queryFn: ({ signal }) => readSpan(api, traceId, spanId, signal),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
  const tabs = tabsOf(span);
  const current: Tab = tabs.find((name) => name === tab) ?? 'content';
  const fresh = details.data?.span_id === span.span_id ? details.data : undefined;
  return (
    <div className="panel">
      <PanelHeader traceId={traceId} span={span} onClose={onClose} />
      <Tabs tabs={tabs} current={current} details={fresh} onTab={onTab} />
      <div
        key={`${span.span_id} ${current}`}
        className="panel-scroll"
        role="tabpanel"
        aria-labelledby={`tab-${current}`}
        tabIndex={0}
      >
        {details.error && !fresh ? (
          <ErrorNotice error={details.error} retry={() => void details.refetch()} />
        ) : fresh ? (
          <TabContent tab={current} span={fresh} tree={tree} onSpan={onSpan} />
        ) : (
          <Waiting title="Reading the span …" />
        )}
      </div>
    </div>
  );
}

function PanelHeader({
  traceId,
  span,
  onClose,
}: {
  traceId: string;
  span: Span;
  onClose: () => void;
}) {
  const tokens = totalTokens(span);
  return (
    <div className="panel-header">
      <div className="panel-title">
        <KindIcon kind={span.kind} />
        <h2 className="cut" title={span.name}>
          {visibleText(span.name)}
        </h2>
        <Status status={span.status} />
        <OtherView span={span} />
        <CopyMenu traceId={traceId} spanId={span.span_id} />
        <button
          type="button"
          className="button plain small"
          aria-label="Close the details"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </div>
      <dl className="figures">
        <Figure name="Duration" value={formatDuration(span.duration_ms)} />
        {span.ttft_ms !== undefined && (
          <Figure name="First token" value={formatDuration(span.ttft_ms)} />
        )}
        {tokens > 0 && <Figure name="Tokens" value={formatCount(tokens)} />}
        {(span.cost_usd !== null || tokens > 0) && (
          <Figure name="Cost" value={formatCost(span.cost_usd)} />
        )}
        {span.finish_reason && <Figure name="Finish" value={span.finish_reason} />}
        {span.tool_status && <Figure name="Tool status" value={span.tool_status} />}
        {(span.retry_count ?? 0) > 0 && <Figure name="Retry" value={String(span.retry_count)} />}
        {span.model && <Figure name="Model" value={visibleText(span.model)} />}
      </dl>
      {(span.status_message || span.error_type) && (
        <p className="panel-error bad">
          {[span.error_category, span.error_type, span.status_message]
            .filter((text, i, all) => text && all.indexOf(text) === i)
            .map((text) => visibleText(text!))
            .join(': ')}
        </p>
      )}
    </div>
  );
}

// To the same span in the story, and back.
function OtherView({ span }: { span: Span }) {
  const [search, change] = useTraceSearch();
  if (search.view === 'story') {
    return (
      <button
        type="button"
        className="button plain small"
        onClick={() => change({ view: undefined }, 'push')}
      >
        In the timeline
      </button>
    );
  }
  if (span.kind !== 'llm' && span.kind !== 'tool') return null;
  return (
    <button
      type="button"
      className="button plain small"
      onClick={() => change({ view: 'story' }, 'push')}
    >
      In the story
    </button>
  );
}

function Tabs({
  tabs,
  current,
  details,
  onTab,
}: {
  tabs: readonly Tab[];
  current: Tab;
  details: SpanDetails | undefined;
  onTab: (tab: Tab | undefined) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const names: Record<Tab, string> = {
    content: 'Content',
    context: 'Context',
    usage: 'Usage and cost',
    attributes: 'Attributes',
    events:
      details && details.events.length > 0 ? plural(details.events.length, 'event') : 'Events',
    raw: 'Raw',
  };
  const pick = (tab: Tab) => onTab(tab === 'content' ? undefined : tab);
  return (
    <div
      ref={list}
      className="tabs"
      role="tablist"
      onKeyDown={(event) => {
        const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (step === 0) return;
        event.preventDefault();
        const next = tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length]!;
        pick(next);
        list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
      }}
    >
      {tabs.map((tab) => (
        <button
          key={tab}
          id={`tab-${tab}`}
          type="button"
          role="tab"
          className="tab"
          aria-selected={tab === current}
          tabIndex={tab === current ? 0 : -1}
          onClick={() => pick(tab)}
        >
          {names[tab]}
        </button>
      ))}
    </div>
  );
}

function TabContent({
  tab,
  span,
  tree,
  onSpan,
}: {
  tab: Tab;
  span: SpanDetails;
  tree: SpanTree;
  onSpan: (spanId: string) => void;
}) {
  switch (tab) {
    case 'content':
      return <ContentTab span={span} tree={tree} />;
    case 'context':
      return <SpanContext span={span} tree={tree} onSpan={onSpan} />;
    case 'usage':
      return <UsageTab span={span} onSpan={onSpan} />;
    case 'attributes':
      return <AttributesTab span={span} />;
    case 'events':
      return <EventsTab span={span} />;
    case 'raw':
      return <RawTab span={span} />;
  }
}

// `value`, the first one at once, later ones when they have rested.
function useResting(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
