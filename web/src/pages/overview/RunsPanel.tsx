import { useGet } from 'api/query';
import type { Trace } from 'api/types';
import { formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { Duration, Money } from 'widgets/figures/cells';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { Status } from 'widgets/figures/Status';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { FRESH_MS } from './fresh';

const ROWS = 8;

export function RunsPanel({ view }: { view: View }) {
  const runs = useGet(
    '/api/v1/traces',
    { ...view.params, limit: ROWS },
    { everyMs: view.live && FRESH_MS },
  );
  return (
    <Panel
      title="What agents did"
      cols={6}
      flush
      help="The latest runs. Open one for its story: what the agent decided, and why."
      link={{ to: '/traces', label: 'All traces' }}
      state={runs}
      empty={({ traces }) => traces.length === 0 && <EmptyState title="No runs here" />}
    >
      {({ traces }) => (
        <DataTable
          label="Latest runs"
          rows={traces}
          columns={COLUMNS}
          rowKey={({ trace_id }) => trace_id}
          link={({ trace_id }) => ({ to: '/traces/$trace_id', params: { trace_id } })}
        />
      )}
    </Panel>
  );
}

const COLUMNS: readonly Column<Trace>[] = [
  {
    id: 'root_name',
    label: 'Run',
    width: 'minmax(110px, 1.6fr)',
    value: ({ root_name, trace_id }) => root_name || trace_id,
  },
  { id: 'feature', label: 'Feature', width: 'minmax(80px, 1fr)', value: ({ feature }) => feature },
  {
    id: 'status',
    label: 'Status',
    width: '80px',
    value: ({ status }) => status,
    cell: ({ status, status_message }) => (
      <Status status={status} title={visibleText(status_message)} />
    ),
  },
  {
    id: 'duration_ms',
    label: 'Duration',
    number: true,
    width: '70px',
    value: ({ duration_ms }) => duration_ms,
    cell: ({ duration_ms }) => <Duration ms={duration_ms} />,
  },
  {
    id: 'cost_usd',
    label: 'Cost',
    number: true,
    width: '70px',
    value: ({ cost_usd }) => cost_usd,
    cell: ({ cost_usd, unpriced_calls }) => <Money usd={cost_usd} unpriced={unpriced_calls} />,
  },
  {
    id: 'started_at',
    label: 'Started',
    number: true,
    hidden: true,
    width: '104px',
    value: ({ started_at }) => started_at,
    cell: ({ started_at }) => <span title={started_at}>{formatTime(started_at, new Date())}</span>,
  },
];
