// Objectives: what is left of each error budget, how fast it burns, and what burns it.

import { useSearch } from '@tanstack/react-router';
import { useGet } from 'api/query';
import { formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { Count, Percent } from 'widgets/figures/cells';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { SLO_BUDGET, SLO_STATE } from 'widgets/slo/columns';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { AlertTabs } from '../AlertTabs';
import { FRESH_MS } from '../words';
import { burnWords, chosenSlo, exhaustionWords, objectiveWords, type Slo } from './objective';
import { SloPanels } from './SloPanels';
import '../alerts.css';
import './slos.css';

const EXAMPLE = `slos:
  - {name: runs-succeed, filter: "kind = agent", good: "status != error", target: 99%, window: 30d}
  - {name: first-token, kind: ttft, filter: "streaming = true", threshold: 1.5s, target: 95%}
  - {name: cheap-answers, kind: cost_per_success, threshold: 0.05, target: 95%}`;

export function SlosView() {
  const view = useView();
  const search: { slo?: string } = useSearch({ strict: false });
  const slos = useGet('/api/v1/slos', {}, { everyMs: FRESH_MS });
  const open = chosenSlo(slos.data?.slos ?? [], search.slo);
  return (
    <PageFrame title="Objectives" view={view} tabs={<AlertTabs />}>
      <Panels>
        <Panel
          title="Objectives"
          flush
          help="Of these events so many must be good, within so many days. What may be bad is the error budget. A burn of 1 spends it exactly within its window."
          state={slos}
          empty={({ slos: list }) =>
            list.length === 0 && (
              <EmptyState title="No objectives are set" command={EXAMPLE}>
                An objective counts what is stored anyway. Put one into the configuration file,
                start again, and its budget, burn rates and alerts follow:
              </EmptyState>
            )
          }
        >
          {({ slos: list }) => (
            <DataTable
              label="Objectives"
              name="slos"
              rows={list}
              columns={COLUMNS}
              rowKey={keyOf}
              active={open ? keyOf(open) : ''}
              onOpen={({ name }) => view.change({ slo: name })}
            />
          )}
        </Panel>
        {open && <SloPanels key={keyOf(open)} slo={open} view={view} />}
      </Panels>
    </PageFrame>
  );
}

const keyOf = ({ name, project }: Slo) => `${project} ${name}`;

const COLUMNS: readonly Column<Slo>[] = [
  {
    id: 'name',
    label: 'Objective',
    width: 'minmax(120px, 1.3fr)',
    value: ({ name }) => name,
    cell: (slo) => <span title={objectiveWords(slo)}>{visibleText(slo.name)}</span>,
  },
  {
    id: 'project',
    label: 'Project',
    hidden: true,
    width: '90px',
    value: ({ project }) => project,
  },
  SLO_STATE,
  {
    id: 'target',
    label: 'Target',
    number: true,
    width: '64px',
    value: ({ target }) => target,
    cell: ({ target }) => <Percent share={target} of="what counts" />,
  },
  {
    id: 'sli',
    label: 'Good',
    number: true,
    width: '70px',
    title: 'Of what counts in the window of the objective',
    value: ({ sli }) => sli,
    cell: ({ sli, target, good, valid }) => (
      <span
        className={sli !== null && sli < target ? 'bad' : undefined}
        title={`${formatInt(good)} of ${formatInt(valid)} events`}
      >
        <Percent share={sli} />
      </span>
    ),
  },
  {
    id: 'events',
    label: 'Events',
    number: true,
    width: '70px',
    title: 'What counts in the window of the objective',
    value: ({ valid }) => valid,
    cell: ({ valid }) => <Count value={valid} />,
  },
  ...SLO_BUDGET,
  {
    id: 'burn',
    label: 'Burn, 1 h',
    number: true,
    width: '74px',
    value: ({ burn }) => burn,
    cell: ({ burn }) => (
      <span className={burn !== null && burn > 1 ? 'warn' : undefined}>{burnWords(burn)}</span>
    ),
  },
  {
    id: 'exhaustion',
    label: 'Outlook',
    width: 'minmax(180px, 2.4fr)',
    value: exhaustionWords,
    cell: (slo) => visibleText(exhaustionWords(slo)),
  },
];
