import { textOf, type Page } from 'base/page';
import { TraceView } from './TraceView';

export const tracePage: Page = {
  path: '/traces/$trace_id',
  search: (raw) => ({
    span: textOf(raw['span']),
    tab: textOf(raw['tab']),
    find: textOf(raw['find']),
  }),
  view: TraceView,
};
