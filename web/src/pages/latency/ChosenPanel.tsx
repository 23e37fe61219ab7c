import { useEffect, useRef } from 'react';
import { useGet } from 'api/query';
import type { Trace } from 'api/types';
import { formatDuration, formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { Count, Duration, Money } from 'widgets/figures/cells';
import { Icon } from 'widgets/figures/Icon';
import { Status } from 'widgets/figures/Status';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { cellsFilter, tracesWindow, type Cells } from './cells';
import type { Choices } from './subject';

const ROWS = 50;
const ROWS_SEEN = 12;

// The traces that the chosen cells count calls of.
export function ChosenPanel({
  view,
  choices: { subject, measure },
  cells,
}: {
  view: View;
  choices: Choices;
  cells: Cells;
}) {
  const q = cellsFilter(view.q, subject, measure, cells);
  const search = { ...tracesWindow(cells), q };
  const traces = useGet('/api/v1/traces', { ...search, limit: ROWS });
  const sight = useRef<HTMLSpanElement>(null);
  // Chosen above: where they are should be in sight, the map too if there is room.
  useEffect(() => {
    sight.current?.scrollIntoView({ block: 'nearest' });
  }, [q]);
  return (
    <div className="latency-chosen">
      <span className="latency-sight" ref={sight} />
      <Panel
        title="Traces of the chosen cells"
        note={wordsOf(cells, measure === 'ttft' ? 'first token' : '')}
        flush
        actions={
          <>
            <button
              type="button"
              className="button small"
              title="Make this the window of time of the page"
              onClick={() => view.brush(cells.fromMs, cells.toMs)}
            >
              <Icon name="fit" /> Zoom
            </button>
            <button
              type="button"
              className="button plain small"
              onClick={() => view.change({ cells: undefined })}
            >
              <Icon name="close" /> Clear
            </button>
          </>
        }
        link={{ to: '/traces', label: 'In Traces', search }}
        state={traces}
        empty={({ traces: list }) =>
          list.length === 0 && (
            <EmptyState title={`No ${subject.noun} in these cells`}>
              Choose cells that have a colour.
            </EmptyState>
          )
        }
      >
        {({ traces: list, next }) => (
          <DataTable
            label="Traces of the chosen cells"
            name="latency.chosen"
            rows={list}
            columns={COLUMNS}
            rowKey={({ trace_id }) => trace_id}
            link={({ trace_id }) => ({
              to: '/traces/$trace_id',
              params: { trace_id },
              search: { q: undefined },
            })}
            {...(list.length > ROWS_SEEN && { height: '340px' })}
            {...(next !== null && { footer: `The newest ${ROWS}; all of them are in Traces` })}
          />
        )}
      </Panel>
    </div>
  );
}

function wordsOf({ fromMs, toMs, low, high }: Cells, what: string): string {
  const from = new Date(fromMs);
  const times = `${formatTime(from.toISOString(), new Date())} to ${formatTime(new Date(toMs).toISOString(), from)}`;
  const upper = high === null ? ' or more' : ` to ${formatDuration(high)}`;
  return `${times}, ${what && `${what} `}${formatDuration(low)}${upper}`;
}

const COLUMNS: readonly Column<Trace>[] = [
  {
    id: 'root_name',
    label: 'Trace',
    width: 'minmax(150px, 2fr)',
    value: ({ root_name }) => root_name,
    cell: ({ root_name }) => visibleText(root_name ?? '') || '(no root yet)',
  },
  {
    id: 'started_at',
    label: 'Started',
    width: '124px',
    value: ({ started_at }) => started_at,
    cell: ({ started_at }) => formatTime(started_at, new Date()),
  },
  {
    id: 'status',
    label: 'Status',
    width: '90px',
    value: ({ status }) => status,
    cell: ({ status }) => <Status status={status} />,
  },
  {
    id: 'duration_ms',
    label: 'Whole trace',
    number: true,
    width: '88px',
    value: ({ duration_ms }) => duration_ms,
    cell: ({ duration_ms }) => <Duration ms={duration_ms} />,
  },
  {
    id: 'cost_usd',
    label: 'Cost',
    number: true,
    width: '84px',
    value: ({ cost_usd }) => cost_usd,
    cell: ({ cost_usd, unpriced_calls }) => <Money usd={cost_usd} unpriced={unpriced_calls} />,
  },
  {
    id: 'llm_calls',
    label: 'Calls',
    number: true,
    width: '54px',
    value: ({ llm_calls }) => llm_calls,
    cell: ({ llm_calls }) => <Count value={llm_calls} />,
  },
  {
    id: 'tool_calls',
    label: 'Tools',
    number: true,
    width: '54px',
    value: ({ tool_calls }) => tool_calls,
    cell: ({ tool_calls }) => <Count value={tool_calls} />,
  },
  {
    id: 'feature',
    label: 'Feature',
    width: 'minmax(100px, 1fr)',
    value: ({ feature }) => feature,
  },
  { id: 'user_id', label: 'User', width: 'minmax(70px, 0.7fr)', value: ({ user_id }) => user_id },
];
