// The window of time and the filter, as the address says: since, until, q. Every page that shows figures
// begins with this; a change is a new entry of the browser's history.

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import type { Carried } from 'base/carried';
import { boundsOf, DEFAULT_SINCE } from 'base/range';
import { narrowed } from './narrow';

export interface View {
  since: string;
  until: string | undefined;
  q: string;
  // For the API; `q` only when there is a filter.
  params: { since: string; until?: string; q?: string };
  // The window ends now, so asking again shows something new.
  live: boolean;
  bounds: () => { fromMs: number; toMs: number };
  // Changes parts of the address, of this page's own parameters too; undefined removes one.
  change: (next: Record<string, string | undefined>) => void;
  // A window chosen by dragging over a chart.
  brush: (fromMs: number, toMs: number) => void;
  // Adds `field = value` to the filter.
  narrow: (field: string, value: string) => void;
}

export function useView(): View {
  const search: Carried = useSearch({ strict: false });
  const navigate = useNavigate();
  const { since = DEFAULT_SINCE, until, q = '' } = search;

  const change = useCallback(
    (next: Record<string, string | undefined>) =>
      void navigate({ to: '.', search: ((before: object) => ({ ...before, ...next })) as never }),
    [navigate],
  );
  const brush = useCallback(
    (fromMs: number, toMs: number) =>
      change({ since: new Date(fromMs).toISOString(), until: new Date(toMs).toISOString() }),
    [change],
  );
  const narrow = useCallback(
    (field: string, value: string) => change({ q: narrowed(q, field, value) }),
    [change, q],
  );
  return useMemo(
    () => ({
      since,
      until,
      q,
      params: { since, ...(until !== undefined && { until }), ...(q !== '' && { q }) },
      live: until === undefined,
      bounds: () => boundsOf(since, until, Date.now()),
      change,
      brush,
      narrow,
    }),
    [since, until, q, change, brush, narrow],
  );
}
