import { lazyRouteComponent } from '@tanstack/react-router';
import { textOf, type Page } from 'base/page';

// The text of a query is the address's own: no window of time and no filter go with it.
const NAMES = ['sql', 'show', 'x', 'y', 'by', 'as', 'side'];

export const sqlPage: Page = {
  path: '/sql',
  search: (raw) => Object.fromEntries(NAMES.map((name) => [name, textOf(raw[name])])),
  view: lazyRouteComponent(() => import('./SqlView'), 'SqlView'),
};
