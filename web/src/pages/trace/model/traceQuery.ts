// How a trace is asked for: by the page, and while the page's code is still on its way.

import { queryOptions } from '@tanstack/react-query';
import type { Api } from 'api/client';
import { readTrace } from './readTrace';

export function traceQuery(api: Api, traceId: string) {
  return queryOptions({
    queryKey: ['trace', traceId],
    queryFn: ({ signal }) => readTrace(api, traceId, signal),
    staleTime: 15_000,
    // Comparing two large trees takes longer than drawing the rows in view.
    structuralSharing: false,
  });
}
