// The rows of the list, kept fresh: the live stream says that something happened, the server is then
// asked for the newest rows.

import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError } from 'api/client';
import { useApi, useLive } from 'api/context';
import type { LiveState } from 'api/live';
import type { LiveGap, Trace, TracePage } from 'api/types';
import type { View } from 'widgets/page/useView';
import { addGap, mergeTraces, reaches } from './rows';

const PAGE_ROWS = 100;
const HEAD_PAGES_MAX = 5;
// A span is announced before it can be queried: ask until it surely can.
const SETTLE_MS = 4_000;
const REFRESH_EVERY_MS = 1_000;
const REFRESH_FIRST_MS = 150;
const POLL_MS = 5_000;
const SEEN_MAX = 10_000;

const NOTHING: ReadonlyMap<string, Trace> = new Map();

export interface TraceList {
  rows: readonly Trace[];
  seenAt: ReadonlyMap<string, number>; // When the live stream last told of a trace.
  live: LiveState | 'off';
  gap: LiveGap | null; // All that the stream has missed.
  dropGap: () => void;
  loading: boolean;
  error: Error | null;
  more: boolean; // Older ones can be loaded...
  loadingMore: boolean; // ... or are being.
  loadMore: () => void;
  reload: () => void;
}

// `enabled`: rows are wanted; without it nothing is asked.
export function useTraces(view: View, live: boolean, enabled: boolean): TraceList {
  const { params, q } = view;
  const api = useApi();
  const client = useQueryClient();
  const key = useMemo(() => ['traces', params] as const, [params]);
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      api.get('/api/v1/traces', { ...params, limit: PAGE_ROWS, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: 15_000,
    enabled,
  });

  const [fresh, setFresh] = useState(NOTHING);
  const [gap, setGap] = useState<LiveGap | null>(null);
  const seenAt = useRef(new Map<string, number>());
  useEffect(() => {
    setFresh(NOTHING);
    setGap(null);
  }, [key]);

  const rows = useMemo(
    () => mergeTraces(list.data?.pages.flatMap((page) => page.traces) ?? [], fresh),
    [list.data, fresh],
  );
  const known = useRef(new Set<string>());
  known.current = useMemo(() => new Set(rows.map((trace) => trace.trace_id)), [rows]);

  const refresh = useCallback(
    async (signal: AbortSignal) => {
      const newer = new Map<string, Trace>();
      let cursor: string | null = null;
      for (let page = 0; page < HEAD_PAGES_MAX; ++page) {
        const head: TracePage = await api.get(
          '/api/v1/traces',
          { ...params, limit: PAGE_ROWS, cursor },
          signal,
        );
        for (const trace of head.traces) newer.set(trace.trace_id, trace);
        if (reaches(head, known.current)) {
          const below = touchedBelow(seenAt.current, known.current, newer);
          if (below.length > 0) {
            const older = await api.get(
              '/api/v1/traces',
              { ...params, q: `trace_id in (${below.join(', ')})`, limit: below.length },
              signal,
            );
            for (const trace of older.traces) newer.set(trace.trace_id, trace);
          }
          if (!signal.aborted) setFresh((before) => new Map([...before, ...newer]));
          return;
        }
        cursor = head.next;
      }
      // Too much came at once to close the gap row by row.
      setFresh(NOTHING);
      await client.resetQueries({ queryKey: key });
    },
    [api, client, key, params],
  );
  // Paused is paused: what was announced before is not shown either.
  const bump = useRefreshLoop(refresh, list.isSuccess && live);

  // The stream refuses what the list refuses.
  const refused = list.error instanceof ApiError && list.error.status === 400;
  const state = useLive(
    live && enabled && !refused,
    q,
    (event) => {
      note(seenAt.current, event.span.trace_id);
      bump();
    },
    (lost) => {
      setGap((before) => addGap(before, lost));
      bump();
    },
  );
  // What came while nobody listened.
  useEffect(() => {
    if (state === 'open') bump();
  }, [state, bump]);

  const reload = useCallback(() => {
    setFresh(NOTHING);
    setGap(null);
    void client.resetQueries({ queryKey: key });
  }, [client, key]);

  // Without the stream the newest are asked for now and then. With a filter too: the stream compares it
  // with what a span says of itself, the list with what it inherits as well.
  const polling = state === 'connecting' || state === 'retrying' || (state === 'open' && q !== '');
  useEffect(() => {
    if (!polling) return undefined;
    const timer = setInterval(bump, POLL_MS);
    return () => clearInterval(timer);
  }, [polling, bump]);

  return {
    rows,
    seenAt: seenAt.current,
    live: state,
    gap,
    dropGap: () => setGap(null),
    loading: list.isPending,
    error: list.error,
    more: list.hasNextPage,
    loadingMore: list.isFetchingNextPage,
    loadMore: () => {
      if (list.hasNextPage && !list.isFetching) void list.fetchNextPage();
    },
    reload,
  };
}

// The latest at the end; the oldest are forgotten.
function note(seenAt: Map<string, number>, traceId: string): void {
  seenAt.delete(traceId);
  seenAt.set(traceId, Date.now());
  if (seenAt.size > SEEN_MAX) seenAt.delete(seenAt.keys().next().value!);
}

// Traces further down in the list that something just happened to.
function touchedBelow(
  seenAt: ReadonlyMap<string, number>,
  known: ReadonlySet<string>,
  newer: ReadonlyMap<string, Trace>,
): string[] {
  const since = Date.now() - SETTLE_MS;
  return [...seenAt]
    .filter(([id, at]) => at > since && known.has(id) && !newer.has(id))
    .map(([id]) => id)
    .slice(0, PAGE_ROWS);
}

// Calls `refresh` now and then until things have settled after the last call of what it returns.
function useRefreshLoop(
  refresh: (signal: AbortSignal) => Promise<void>,
  ready: boolean,
): () => void {
  const until = useRef(0);
  const wake = useRef<() => void>(() => {});
  useEffect(() => {
    if (!ready) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      // A failed one is tried again with the next event; the list itself shows errors.
      await refresh(stop.signal).catch(() => {});
      timer = undefined;
      if (!stop.signal.aborted && Date.now() < until.current) arm(REFRESH_EVERY_MS);
    };
    const arm = (ms: number) => {
      timer ??= setTimeout(() => void run(), ms);
    };
    wake.current = () => arm(REFRESH_FIRST_MS);
    if (Date.now() < until.current) wake.current();
    return () => {
      stop.abort();
      clearTimeout(timer);
      wake.current = () => {};
    };
  }, [refresh, ready]);
  return useCallback(() => {
    until.current = Date.now() + SETTLE_MS;
    wake.current();
  }, []);
}
