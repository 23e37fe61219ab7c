import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useRef } from 'react';
import { ApiError } from 'api/client';
import { plural } from 'base/format';
import { DEFAULT_SINCE, TIME_RANGES } from 'base/range';
import { useTitle } from 'base/title';
import { quoteValue } from 'widgets/filter/complete';
import { FilterBar } from 'widgets/filter/FilterBar';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { ErrorNotice, Notice, Waiting } from 'widgets/layout/Notice';
import { TraceTable } from './TraceTable';
import { useTraces, type TraceList } from './useTraces';
import './TracesView.css';

interface Search {
  q?: string;
  since?: string;
  live?: string;
}

export function TracesView() {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const q = search.q ?? '';
  const since = search.since ?? DEFAULT_SINCE;
  const live = search.live !== '0';
  const list = useTraces(q, since, live);
  useTitle('Traces');

  const change = useCallback(
    (next: Search) => void navigate({ to: '/traces', search: { ...search, ...next } }),
    [navigate, search],
  );
  const open = useCallback(
    (traceId: string) => void navigate({ to: '/traces/$trace_id', params: { trace_id: traceId } }),
    [navigate],
  );
  const narrow = useCallback(
    (field: string, value: string) => {
      const term = `${field} = ${quoteValue(value)}`;
      const before = /\bor\b/i.test(q) ? `(${q})` : q;
      change({ q: before === '' ? term : `${before} AND ${term}` });
    },
    [change, q],
  );

  // Empty because of the window and the filter, or because nothing was ever sent?
  const empty = list.error === null && !list.loading && list.rows.length === 0;
  const anything = useAnything(empty);
  // The very first one: the list, which was empty, is read again.
  const waited = useRef(false);
  const { reload } = list;
  useEffect(() => {
    if (anything === false) waited.current = true;
    else if (anything && waited.current) {
      waited.current = false;
      reload();
    }
  }, [anything, reload]);
  const filterError = list.error instanceof ApiError && list.error.status === 400 && q !== '';

  if (empty && anything === false) {
    return (
      <FirstSpan
        {...(list.live === 'retrying' && {
          waiting: 'The live stream is away; asking every few seconds',
        })}
      />
    );
  }
  return (
    <main className="traces">
      <h1 className="sr-only">Traces</h1>
      <div className="traces-bar">
        <FilterBar
          value={q}
          since={since}
          error={filterError ? list.error!.message : null}
          onChange={(text) => change({ q: text })}
        />
        <TimeRangePicker since={since} onChange={(value) => change({ since: value })} />
        <LiveToggle list={list} live={live} onToggle={() => change({ live: live ? '0' : '1' })} />
      </div>
      {list.gap && (
        <p className="traces-gap" role="status">
          The live stream missed {plural(list.gap.lost, 'event')} ({list.gap.reason}); the list was
          read again.
        </p>
      )}
      {list.error !== null && !filterError && (
        <ErrorNotice error={list.error} retry={list.reload} />
      )}
      {list.loading && <Waiting title="Reading the traces …" />}
      {empty && anything && (
        <Notice title={q === '' ? 'No traces in this window' : 'No traces match'}>
          <button
            type="button"
            className="button"
            onClick={() => change({ since: '30d' })}
            disabled={since === '30d'}
          >
            Look through the last 30 days
          </button>
        </Notice>
      )}
      {list.rows.length > 0 && list.error === null && (
        <TraceTable
          rows={list.rows}
          seenAt={list.seenAt}
          more={list.more}
          loadingMore={list.loadingMore}
          onLoadMore={list.loadMore}
          onOpen={open}
          onNarrow={narrow}
        />
      )}
    </main>
  );
}

function TimeRangePicker({
  since,
  onChange,
}: {
  since: string;
  onChange: (since: string) => void;
}) {
  const known = TIME_RANGES.some((range) => range.since === since);
  return (
    <select
      className="field"
      aria-label="Time range"
      value={since}
      onChange={(event) => onChange(event.target.value)}
    >
      {!known && <option value={since}>Since {since}</option>}
      {TIME_RANGES.map((range) => (
        <option key={range.since} value={range.since}>
          {range.label}
        </option>
      ))}
    </select>
  );
}

const LIVE_WORDS: Record<TraceList['live'], string> = {
  off: 'New traces are not shown by themselves',
  connecting: 'Connecting to the live stream',
  open: 'New traces appear by themselves',
  retrying: 'The live stream is away; trying again',
  paused: 'Paused while this tab is hidden',
};

function LiveToggle({
  list,
  live,
  onToggle,
}: {
  list: TraceList;
  live: boolean;
  onToggle: () => void;
}) {
  return (
    <button
      type="button"
      className="button"
      aria-pressed={live}
      title={LIVE_WORDS[list.live]}
      onClick={onToggle}
    >
      <span className={`live-dot live-${list.live}`} aria-hidden="true" />
      Live
      <span className="sr-only">: {LIVE_WORDS[list.live]}</span>
    </button>
  );
}
