import { lazyRouteComponent } from '@tanstack/react-router';
import { textOf, type Page } from 'base/page';

// What a server is set to is the same in every window of time.
const keep =
  (...names: string[]): Page['search'] =>
  (raw) =>
    Object.fromEntries(names.map((name) => [name, textOf(raw[name])]));

export const settingsPages: readonly Page[] = [
  {
    path: '/settings',
    search: keep('find', 'changed'),
    view: lazyRouteComponent(() => import('./ServerView'), 'ServerView'),
  },
  {
    path: '/settings/keys',
    search: keep('key'),
    view: lazyRouteComponent(() => import('./keys/KeysView'), 'KeysView'),
  },
  {
    path: '/settings/prices',
    search: keep('model'),
    view: lazyRouteComponent(() => import('./prices/PricesView'), 'PricesView'),
  },
  {
    path: '/settings/retention',
    search: keep(),
    view: lazyRouteComponent(() => import('./data/DataView'), 'DataView'),
  },
  {
    path: '/settings/receipts',
    search: keep('source'),
    view: lazyRouteComponent(() => import('./receipts/ReceiptsView'), 'ReceiptsView'),
  },
];
