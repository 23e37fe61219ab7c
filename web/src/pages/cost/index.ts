import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'base/page';

export const costPage: Page = {
  path: '/cost',
  search: searchOf('by', 'steps', 'rows', 'path', 'frame', 'who'),
  view: lazyRouteComponent(() => import('./CostView'), 'CostView'),
};
