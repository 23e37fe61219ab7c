// Beside the editor: the tables with their columns, the queries that were run, those that are saved.

import { Tabs } from 'widgets/layout/Tabs';
import { HistoryList } from './HistoryList';
import { SavedQueries } from './SavedQueries';
import { SchemaBrowser } from './SchemaBrowser';
import type { SqlPageView } from './useSqlView';

const TABS = [
  { id: 'tables', label: 'Tables' },
  { id: 'history', label: 'History' },
  { id: 'saved', label: 'Saved' },
] as const;

export function SidePanel({
  view,
  ran,
  onInsert,
}: {
  view: SqlPageView;
  ran: boolean; // A query is under way, which the history has by then.
  onInsert: (text: string) => void;
}) {
  const shown = TABS.find(({ id }) => id === view.search.side)?.id ?? 'tables';
  return (
    <aside className="sql-side card" aria-label="Tables and queries">
      <Tabs
        label="Beside the query"
        tabs={TABS}
        value={shown}
        onChange={(side) => view.change({ side: side === 'tables' ? undefined : side })}
      >
        {shown === 'tables' && <SchemaBrowser onInsert={onInsert} />}
        {shown === 'history' && <HistoryList key={String(ran)} view={view} />}
        {shown === 'saved' && <SavedQueries view={view} />}
      </Tabs>
    </aside>
  );
}
