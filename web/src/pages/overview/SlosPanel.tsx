import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { formatDuration, formatPercent, UNKNOWN } from 'base/format';
import { visibleText } from 'base/text';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { SLO_BUDGET, SLO_STATE } from 'widgets/slo/columns';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { SLOW_MS } from './fresh';

type Slo = Schema<'Slo'>;

const EXAMPLE = `slos:
  - {name: runs-succeed, filter: "kind = agent", good: "status != error", target: 0.99, window: 30d}`;

export function SlosPanel() {
  const slos = useGet('/api/v1/slos', {}, { everyMs: SLOW_MS });
  return (
    <Panel
      title="Objectives"
      cols={6}
      flush
      help="How much of each error budget is left, and how fast it burns: at 1 it lasts exactly as long as its window."
      link={{ to: '/alerts/slos', label: 'Objectives' }}
      state={slos}
      empty={({ slos: list }) =>
        list.length === 0 && (
          <EmptyState title="No objectives are set" command={EXAMPLE}>
            Add one to the configuration file, and burn rates and alerts follow from it.
          </EmptyState>
        )
      }
    >
      {({ slos: list }) => (
        <DataTable
          label="Objectives"
          rows={list}
          columns={COLUMNS}
          rowKey={({ name }) => name}
          link={({ name }) => ({ to: '/alerts/slos', search: { slo: name } })}
        />
      )}
    </Panel>
  );
}

const COLUMNS: readonly Column<Slo>[] = [
  {
    id: 'name',
    label: 'Objective',
    width: 'minmax(100px, 1.6fr)',
    value: ({ name }) => name,
    cell: ({ name }) => visibleText(name),
  },
  SLO_STATE,
  {
    id: 'sli',
    label: 'Good',
    number: true,
    hidden: true,
    width: '96px',
    title: 'Of what counts in its window, against the target',
    value: ({ sli }) => sli,
    cell: ({ sli, target }) => `${formatPercent(sli)} of ${formatPercent(target)}`,
  },
  ...SLO_BUDGET,
  {
    id: 'burn',
    label: 'Burn',
    number: true,
    width: '56px',
    value: ({ burn }) => burn,
    cell: ({ burn, time_to_exhaust_s }) => (
      <span
        title={
          time_to_exhaust_s === null
            ? undefined
            : `Spent in ${formatDuration(time_to_exhaust_s * 1000)}`
        }
        className={burn !== null && burn > 1 ? 'warn' : undefined}
      >
        {burn === null ? UNKNOWN : `${+burn.toPrecision(2)}×`}
      </span>
    ),
  },
];
