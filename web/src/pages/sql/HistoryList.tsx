import { useMemo } from 'react';
import { useStoredText } from 'base/stored';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { EmptyState } from 'widgets/layout/EmptyState';
import { HISTORY, readHistory, titleOf } from './history';
import type { SqlPageView } from './useSqlView';

// A click puts a query into the editor; it is not run.
export function HistoryList({ view }: { view: SqlPageView }) {
  const [stored, setStored] = useStoredText(HISTORY);
  const history = useMemo(() => readHistory(stored), [stored]);
  if (history.length === 0) {
    return (
      <EmptyState title="No query yet">
        What you run is listed here, in this browser only.
      </EmptyState>
    );
  }
  return (
    <div className="sql-queries">
      <ul>
        {history.map(({ sql, at }) => (
          <li key={at + sql}>
            <button
              type="button"
              className="sql-query"
              title={sql}
              onClick={() => view.setDraft(sql)}
            >
              {titleOf(sql)}
            </button>
            <span className="dim">
              <RelativeTime at={at} />
            </span>
          </li>
        ))}
      </ul>
      <p className="dim">
        Kept in this browser only.{' '}
        <button type="button" className="button small" onClick={() => setStored(null)}>
          Forget all
        </button>
      </p>
    </div>
  );
}
