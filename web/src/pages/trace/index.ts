import { lazyRouteComponent } from '@tanstack/react-router';
import type { Page } from 'base/page';
import { readSearch } from './search';

export const tracePage: Page = {
  path: '/traces/$trace_id',
  search: readSearch,
  view: lazyRouteComponent(() => import('./TraceView'), 'TraceView'),
};
