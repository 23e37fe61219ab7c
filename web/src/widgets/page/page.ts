// What a page folder gives to app/pages.ts: one line there registers it.

import type { QueryClient } from '@tanstack/react-query';
import type { RouteComponent } from '@tanstack/react-router';
import type { Api } from 'api/client';

export interface Page {
  // As in app/pages.json, which the server reads too: "/traces/$trace_id".
  path: string;
  // The search parameters it understands, from whatever the address holds.
  search: (raw: Record<string, unknown>) => Record<string, string | undefined>;
  // Made by lazyRouteComponent(() => import('./CostView'), 'CostView'): the code of a page is loaded
  // when somebody goes there.
  view: RouteComponent;
  // Called when somebody goes there, while the code of the page is still on its way: asks for what the
  // page cannot do without. Most pages need none.
  begin?: (at: { params: Record<string, string>; queries: QueryClient; api: Api }) => void;
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

// `search` of a page that understands the window of time, the filter, and the parameters `names`.
export function searchOf(...names: string[]): Page['search'] {
  return (raw) =>
    Object.fromEntries(['since', 'until', 'q', ...names].map((name) => [name, textOf(raw[name])]));
}

// The same of a page that knows no window of time and no filter: those that are carried along stay as
// they are.
export function plainSearchOf(...names: string[]): Page['search'] {
  return (raw) => Object.fromEntries(names.map((name) => [name, textOf(raw[name])]));
}
