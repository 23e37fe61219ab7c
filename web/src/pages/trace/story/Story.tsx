// The run told as decisions, top to bottom. Only those in view are in the page.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { formatInt, plural } from 'base/format';
import { useShortcuts, type Shortcut } from 'base/shortcuts';
import { EmptyState } from 'widgets/layout/EmptyState';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import type { TraceTabProps } from '../tabs';
import type { ToldStory } from './decisions';
import { StepCard } from './StepCard';
import { StoryProvider } from './storyContext';
import { StoryHead } from './StoryHead';
import { useStory } from './useStory';
import './Story.css';

const KEYS: readonly Shortcut[] = [
  { keys: ['j'], does: 'next step of the story' },
  { keys: ['k'], does: 'step before' },
  { keys: ['e'], does: 'next step with a failure' },
  { keys: ['Enter'], does: 'details of the step' },
  { keys: ['t'], does: 'the step in the timeline' },
];
const GUESSED_PX = 260;
const OVERSCAN = 3;

export function Story(props: TraceTabProps) {
  const { trace, tree, underWay } = props;
  const { told, total, query } = useStory(trace.trace_id, underWay, tree);
  if (told && told.decisions.length > 0) {
    return <Steps {...props} told={told} total={total} query={query} />;
  }
  if (query.error) return <ErrorNotice error={query.error} retry={() => void query.refetch()} />;
  if (!told) return <Waiting title="Reading the story …" />;
  return (
    <div className="story">
      <EmptyState title={underWay ? 'No decision yet' : 'No model was called in this trace'}>
        {underWay
          ? 'The first call of a model appears here as soon as it starts.'
          : 'A story is made of the calls of models: spans of kind llm. Spans of other kinds are in the timeline.'}
      </EmptyState>
    </div>
  );
}

// Steps are as high as what they hold, which is known once they are in the page: what brings one into view
// is done again while that settles.
const SETTLE_FRAMES = 6;

function settle(scroll: () => void, frames = SETTLE_FRAMES): void {
  scroll();
  if (frames > 0) requestAnimationFrame(() => settle(scroll, frames - 1));
}

interface StepsProps extends TraceTabProps {
  told: ToldStory;
  total: number;
  query: ReturnType<typeof useStory>['query'];
}

function Steps({ trace, tree, search, change, home, told, total, query }: StepsProps) {
  useShortcuts(KEYS);
  const { decisions, bySpan } = told;
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const opened = search.span === undefined ? undefined : bySpan.get(search.span);
  const [active, setActive] = useState(-1);
  const [above, setAbove] = useState(0);
  const virtual = useVirtualizer({
    count: decisions.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => GUESSED_PX,
    getItemKey: (i) => decisions[i]!.step.span_id,
    overscan: OVERSCAN,
    scrollMargin: above,
    scrollPaddingStart: 8,
  });
  // The head grows and shrinks as its texts unfold.
  useEffect(() => {
    const head = body.current?.previousElementSibling;
    if (!head) return undefined;
    const measure = () => setAbove(body.current!.offsetTop);
    const observer = new ResizeObserver(measure);
    observer.observe(head);
    measure();
    return () => observer.disconnect();
  }, []);

  const show = useCallback(
    (i: number) => {
      setActive(i);
      settle(() => {
        const box = scroller.current;
        const place = body.current?.querySelector(`[data-index="${i}"]`);
        if (!box) return;
        if (!place) box.scrollTop = virtual.getOffsetForIndex(i, 'start')?.[0] ?? 0;
        else
          box.scrollTop += place.getBoundingClientRect().top - box.getBoundingClientRect().top - 8;
      });
    },
    [virtual],
  );
  // What the address says, once the steps that hold it are read; not what was opened from here.
  const seen = useRef<string>();
  useEffect(() => {
    if (search.span === undefined) seen.current = undefined;
    if (opened === undefined || seen.current === search.span) return;
    seen.current = search.span;
    show(opened);
  }, [search.span, opened, show]);
  useEffect(() => scroller.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    home.current = () => scroller.current?.focus({ preventScroll: true });
    return () => {
      home.current = null;
    };
  }, [home]);

  const openFrom = useCallback(
    (i: number, span: string) => {
      seen.current = span;
      setActive(i);
      change({ span });
    },
    [change],
  );
  const actions = useMemo(
    () => ({
      traceId: trace.trace_id,
      open: (span: string) => openFrom(bySpan.get(span) ?? -1, span),
      goTo: (n: number) => {
        const i = decisions.findIndex(({ step }) => step.n === n);
        if (i >= 0) show(i);
      },
    }),
    [trace.trace_id, openFrom, bySpan, show, decisions],
  );

  const moveTo = (i: number) => {
    if (i < 0 || i >= decisions.length) return;
    show(i);
    // The details follow, when they are open.
    if (search.span !== undefined) openFrom(i, decisions[i]!.step.span_id);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const spanId = decisions[active]?.step.span_id;
    if (event.key === 'j') moveTo(active + 1);
    else if (event.key === 'k') moveTo(Math.max(0, active - 1));
    else if (event.key === 'e') {
      const later = decisions.findIndex(({ failed }, i) => failed && i > active);
      moveTo(later >= 0 ? later : decisions.findIndex(({ failed }) => failed));
    } else if (event.key === 't' && spanId) change({ view: undefined, span: spanId }, 'push');
    else if (event.key === 'Enter' && spanId && event.target === scroller.current) {
      if (search.span === spanId) change({ span: undefined });
      else openFrom(active, spanId);
    } else if (event.key === 'Escape' && search.span !== undefined) change({ span: undefined });
    else return;
    event.preventDefault();
  };

  return (
    <StoryProvider value={actions}>
      <div
        ref={scroller}
        className="story"
        tabIndex={0}
        role="region"
        aria-label="Story"
        onKeyDown={onKeyDown}
      >
        <StoryHead trace={trace} told={told} total={total} />
        <div ref={body} className="story-steps" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const decision = decisions[item.index]!;
            const row = tree.index.get(decision.step.span_id);
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="story-place"
                style={{ transform: `translateY(${item.start - above}px)` }}
                onClick={({ target }) => {
                  // What is a button does something else.
                  if (!(target as Element).closest('button, a')) setActive(item.index);
                }}
              >
                <StepCard
                  decision={decision}
                  span={row === undefined ? undefined : tree.spans[row]}
                  total={total}
                  active={item.index === active}
                />
              </div>
            );
          })}
        </div>
        {query.hasNextPage && (
          <p className="story-more">
            {formatInt(decisions.length)} of {plural(total, 'decision')} are shown.{' '}
            <button
              type="button"
              className="button small"
              disabled={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              {query.isFetchingNextPage ? 'Reading more …' : 'Show more'}
            </button>
            {query.error && <span className="bad"> {query.error.message}</span>}
          </p>
        )}
      </div>
    </StoryProvider>
  );
}
