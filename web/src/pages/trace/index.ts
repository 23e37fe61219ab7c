import { lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from 'widgets/page/page';
import { traceQuery } from './model/traceQuery';
import { readSearch } from './search';

export const tracePage: Page = {
  path: '/traces/$trace_id',
  search: readSearch,
  view: lazyRouteComponent(() => import('./TraceView'), 'TraceView'),
  begin: ({ params, queries, api }) => {
    const query = traceQuery(api, params['trace_id']!);
    // Later it is the page that asks again.
    if (queries.getQueryState(query.queryKey) === undefined) void queries.prefetchQuery(query);
  },
};
