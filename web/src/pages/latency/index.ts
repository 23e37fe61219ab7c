import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'widgets/page/page';

export const latencyPage: Page = {
  path: '/latency',
  search: searchOf('of', 'measure', 'by', 'lines', 'cells'),
  view: lazyRouteComponent(() => import('./LatencyView'), 'LatencyView'),
};
