import { lazyRouteComponent } from '@tanstack/react-router';
import { textOf, type Page } from 'widgets/page/page';

export const comparePage: Page = {
  path: '/traces/$trace_id/compare/$other',
  search: (raw) => ({ steps: textOf(raw['steps']) }),
  view: lazyRouteComponent(() => import('./CompareView'), 'CompareView'),
};
