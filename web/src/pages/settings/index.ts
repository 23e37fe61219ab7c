import { lazyRouteComponent } from '@tanstack/react-router';
import { plainSearchOf, type Page } from 'widgets/page/page';

export const settingsPages: readonly Page[] = [
  {
    path: '/settings',
    search: plainSearchOf('find', 'changed'),
    view: lazyRouteComponent(() => import('./ServerView'), 'ServerView'),
  },
  {
    path: '/settings/keys',
    search: plainSearchOf('key'),
    view: lazyRouteComponent(() => import('./keys/KeysView'), 'KeysView'),
  },
  {
    path: '/settings/prices',
    search: plainSearchOf('model'),
    view: lazyRouteComponent(() => import('./prices/PricesView'), 'PricesView'),
  },
  {
    path: '/settings/retention',
    search: plainSearchOf(),
    view: lazyRouteComponent(() => import('./data/DataView'), 'DataView'),
  },
  {
    path: '/settings/receipts',
    search: plainSearchOf('source'),
    view: lazyRouteComponent(() => import('./receipts/ReceiptsView'), 'ReceiptsView'),
  },
];
