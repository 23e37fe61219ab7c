// What fires, whom it was told, and what is done about it: four pages with a row of tabs.

import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'widgets/page/page';

export const alertPages: readonly Page[] = [
  {
    path: '/alerts',
    search: searchOf('alert', 'rule', 'match', 'history'),
    view: lazyRouteComponent(() => import('./AlertsView'), 'AlertsView'),
  },
  {
    path: '/alerts/slos',
    search: searchOf('slo', 'by'),
    view: lazyRouteComponent(() => import('./slos/SlosView'), 'SlosView'),
  },
  {
    path: '/alerts/silences',
    search: searchOf('silence', 'state', 'match'),
    view: lazyRouteComponent(() => import('./silences/SilencesView'), 'SilencesView'),
  },
  {
    path: '/alerts/runbooks',
    search: searchOf('runbook', 'alert'),
    view: lazyRouteComponent(() => import('./runbooks/RunbooksView'), 'RunbooksView'),
  },
];
