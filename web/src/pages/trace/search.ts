// What the address of the page holds: each choice of the reader, so that a link shows the same.

import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { textOf } from 'widgets/page/page';

const NAMES = ['view', 'span', 'tab', 'find', 'agent', 'tools', 'zoom', 'path'] as const;

export type TraceSearch = { [Name in (typeof NAMES)[number]]?: string | undefined };

export function readSearch(raw: Record<string, unknown>): TraceSearch {
  return Object.fromEntries(NAMES.map((name) => [name, textOf(raw[name])]));
}

// A change replaces the address, so that moving from span to span does not fill the history; with `push`
// the browser's Back undoes it.
export type ChangeSearch = (next: TraceSearch, how?: 'push') => void;

export function useTraceSearch(): [TraceSearch, ChangeSearch] {
  const { trace_id: traceId = '' } = useParams({ strict: false });
  const search: TraceSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback<ChangeSearch>(
    (next, how) =>
      void navigate({
        to: '/traces/$trace_id',
        params: { trace_id: traceId },
        search: (before: TraceSearch) => ({ ...before, ...next }),
        replace: how !== 'push',
      }),
    [navigate, traceId],
  );
  return [search, change];
}
