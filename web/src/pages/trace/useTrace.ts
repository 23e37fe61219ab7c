// One trace's structure, asked for again while it is under way.

import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import { useApi, useLive } from 'api/context';
import { parseTime } from 'base/format';
import type { ReadTrace } from './model/readTrace';
import { traceQuery } from './model/traceQuery';

// Late spans may follow for so long after the last one.
const LATE_MS = 120_000;
const REFRESH_MIN_MS = 800;
// Large traces are read again less often: about so many spans a millisecond.
const SPANS_PER_MS = 10;
const POLL_MS = 3_000;

export function isUnderWay({ trace, tree }: ReadTrace, now: number): boolean {
  if (trace.status === 'running' || tree.spans.some((span) => span.status === 'running'))
    return true;
  return now - (parseTime(trace.started_at) + trace.duration_ms) < LATE_MS;
}

export function useTrace(traceId: string) {
  const api = useApi();
  const trace = useQuery(traceQuery(api, traceId));
  const underWay = trace.data !== undefined && isUnderWay(trace.data, Date.now());
  const { refetch } = trace;
  const restMs = Math.max(REFRESH_MIN_MS, (trace.data?.tree.spans.length ?? 0) / SPANS_PER_MS);
  const refresh = useThrottled(refetch, restMs);
  const live = useLive(underWay, `trace_id = ${traceId}`, refresh, refresh);

  // Without the stream it is asked now and then.
  const polling = underWay && live !== 'open' && live !== 'paused';
  useEffect(() => {
    if (!polling) return undefined;
    const timer = setInterval(refresh, Math.max(POLL_MS, restMs));
    return () => clearInterval(timer);
  }, [polling, refresh, restMs]);
  return { ...trace, underWay };
}

// Calls `run` soon, at most once in `restMs`, and once more after the last call: what was announced
// may be queryable a moment later only.
function useThrottled(run: () => Promise<unknown>, restMs: number): () => void {
  const rest = useRef(restMs);
  rest.current = restMs;
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const wanted = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), [run]);
  return useCallback(() => {
    wanted.current = 2;
    const arm = (ms: number) => {
      timer.current = setTimeout(() => {
        timer.current = undefined;
        wanted.current -= 1;
        void run().then(() => {
          if (wanted.current > 0 && timer.current === undefined) arm(rest.current);
        });
      }, ms);
    };
    if (timer.current === undefined) arm(150);
  }, [run]);
}
