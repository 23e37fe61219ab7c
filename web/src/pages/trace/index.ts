import { lazyRouteComponent } from '@tanstack/react-router';
import { textOf, type Page } from 'base/page';

export const tracePage: Page = {
  path: '/traces/$trace_id',
  search: (raw) => ({
    span: textOf(raw['span']),
    tab: textOf(raw['tab']),
    find: textOf(raw['find']),
  }),
  view: lazyRouteComponent(() => import('./TraceView'), 'TraceView'),
};
