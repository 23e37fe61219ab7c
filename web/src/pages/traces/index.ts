import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'base/page';

export const tracesPage: Page = {
  path: '/traces',
  search: searchOf('live'),
  view: lazyRouteComponent(() => import('./TracesView'), 'TracesView'),
};
