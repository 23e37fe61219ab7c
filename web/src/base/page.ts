// What a page folder gives to app/pages.ts: one line there registers it.

import type { JSX } from 'react';

export interface Page {
  // As in app/pages.json, which the server reads too: "/traces/$trace_id".
  path: string;
  // The search parameters it understands, from whatever the address holds.
  search: (raw: Record<string, unknown>) => Record<string, string | undefined>;
  view: () => JSX.Element;
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
