// The list, or why there is none.

import type { Trace } from 'api/types';
import { formatInt } from 'base/format';
import { EmptyState } from 'widgets/layout/EmptyState';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import type { View } from 'widgets/page/useView';
import type { TraceColumn } from './columns';
import { TraceTable } from './TraceTable';
import type { TraceList } from './useTraces';

interface ListBodyProps {
  list: TraceList;
  view: View;
  columns: readonly TraceColumn[];
  total: number | null;
  empty: boolean;
  selected: ReadonlySet<string>;
  onOpen: (traceId: string) => void;
  onSelect: (traceId: string) => void;
}

export function ListBody(props: ListBodyProps) {
  const { list, view, columns, total, empty, selected, onOpen, onSelect } = props;
  const rows: readonly Trace[] = list.rows;
  if (errorOfFilter(list.error) !== null) {
    return <p className="notice dim">Nothing is shown while the filter is wrong.</p>;
  }
  if (list.error !== null) return <ErrorNotice error={list.error} retry={list.reload} />;
  return (
    <>
      {list.gap && (
        <p className="traces-gap" role="status">
          <span>
            The live stream missed{' '}
            {list.gap.lost === null ? 'some events' : `${formatInt(list.gap.lost)} events`} (
            {list.gap.reason}). The list was read again.
          </span>
          <button type="button" className="button small" onClick={list.dropGap}>
            Close
          </button>
        </p>
      )}
      {list.live === 'retrying' && (
        <p className="traces-gap" role="status">
          The live stream is away; trying again. Until then the list is read every few seconds.
        </p>
      )}
      {list.loading && <Waiting title="Reading the traces …" />}
      {empty && <Nothing view={view} />}
      {rows.length > 0 && (
        <TraceTable
          rows={rows}
          columns={columns}
          total={total}
          seenAt={list.seenAt}
          selected={selected}
          more={list.more}
          loadingMore={list.loadingMore}
          onLoadMore={list.loadMore}
          onOpen={onOpen}
          onSelect={onSelect}
          onNarrow={view.narrow}
        />
      )}
    </>
  );
}

const LONGEST = '30d';

function Nothing({ view }: { view: View }) {
  return (
    <EmptyState
      title={view.q === '' ? 'No traces in this window' : 'No traces match'}
      actions={
        <div className="traces-ways">
          <button
            type="button"
            className="button"
            disabled={view.since === LONGEST && view.until === undefined}
            onClick={() => view.change({ since: LONGEST, until: undefined })}
          >
            Look through the last 30 days
          </button>
          {view.q !== '' && (
            <button type="button" className="button" onClick={() => view.change({ q: undefined })}>
              Remove the filter
            </button>
          )}
        </div>
      }
    >
      {view.q === ''
        ? 'Traces were received, but none that started here.'
        : 'A trace matches when one of its spans satisfies the whole filter.'}
    </EmptyState>
  );
}
