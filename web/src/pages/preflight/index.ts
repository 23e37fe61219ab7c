import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'base/page';

export const preflightPage: Page = {
  path: '/preflight',
  search: searchOf('state', 'point'),
  view: lazyRouteComponent(() => import('./PreflightView'), 'PreflightView'),
};
