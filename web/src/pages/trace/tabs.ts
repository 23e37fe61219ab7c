// The views of one trace, in the order of their tabs. Each has a folder, whose code is loaded when
// somebody opens the tab; its index exports the component as default.

import { lazy, type ComponentType, type MutableRefObject } from 'react';
import type { Trace } from 'api/types';
import type { SpanTree } from './model/tree';
import type { ChangeSearch, TraceSearch } from './search';

export interface TraceTabProps {
  trace: Trace;
  tree: SpanTree;
  underWay: boolean;
  search: TraceSearch;
  change: ChangeSearch; // Of the address; {span} opens the details of a span beside the tab.
  // What gets the focus when the details are closed: the tab sets it, where it has something better than
  // itself.
  home: MutableRefObject<(() => void) | null>;
}

interface TraceTab {
  id: string; // `view` in the address.
  label: string;
  load: () => Promise<{ default: ComponentType<TraceTabProps> }>;
}

const tab = (id: string, label: string, load: TraceTab['load']) => ({
  id,
  label,
  load,
  View: lazy(load),
});

export const TABS = [
  tab('timeline', 'Timeline', () => import('./timeline')),
  tab('story', 'Story', () => import('./story')),
  tab('context', 'Context', () => import('./context')),
  tab('agents', 'Agents', () => import('./agents')),
  tab('cost', 'Cost', () => import('./cost')),
] as const;

export function tabOf(view: string | undefined): (typeof TABS)[number] {
  return TABS.find(({ id }) => id === view) ?? TABS[0];
}
