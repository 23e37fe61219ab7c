import { lazyRouteComponent } from '@tanstack/react-router';
import { plainSearchOf, type Page } from 'widgets/page/page';

export const preflightPage: Page = {
  path: '/preflight',
  search: plainSearchOf('state', 'point'),
  view: lazyRouteComponent(() => import('./PreflightView'), 'PreflightView'),
};
