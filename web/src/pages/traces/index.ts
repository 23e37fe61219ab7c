import { textOf, type Page } from 'base/page';
import { TracesView } from './TracesView';

export const tracesPage: Page = {
  path: '/traces',
  search: (raw) => ({
    q: textOf(raw['q']),
    since: textOf(raw['since']),
    live: textOf(raw['live']),
  }),
  view: TracesView,
};
