import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'widgets/page/page';

export const overviewPage: Page = {
  path: '/',
  search: searchOf('burners'),
  view: lazyRouteComponent(() => import('./OverviewView'), 'OverviewView'),
};
