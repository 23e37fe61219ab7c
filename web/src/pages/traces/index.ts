import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'widgets/page/page';

export const tracesPage: Page = {
  path: '/traces',
  search: searchOf('live', 'cols', 'mode', 'text'),
  view: lazyRouteComponent(() => import('./TracesView'), 'TracesView'),
};

export const sessionsPage: Page = {
  path: '/traces/sessions',
  search: searchOf('by', 'order'),
  view: lazyRouteComponent(() => import('./sessions/SessionsView'), 'SessionsView'),
};
