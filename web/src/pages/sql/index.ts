import { lazyRouteComponent } from '@tanstack/react-router';
import { plainSearchOf, type Page } from 'widgets/page/page';

export const sqlPage: Page = {
  path: '/sql',
  search: plainSearchOf('sql', 'show', 'x', 'y', 'by', 'as', 'side'),
  view: lazyRouteComponent(() => import('./SqlView'), 'SqlView'),
};
