// What it costs and who spends it: over time, by any dimension, by path, by user and session.

import { useGet } from 'api/query';
import { useShortcuts, type Shortcut } from 'base/shortcuts';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { TabLinks } from 'widgets/layout/TabLinks';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { AnomaliesPanel } from './AnomaliesPanel';
import { ByBar } from './ByBar';
import { FlamePanel } from './FlamePanel';
import { ForecastPanel } from './ForecastPanel';
import { ProvenancePanel } from './ProvenancePanel';
import { SpendersPanel } from './SpendersPanel';
import { SpendPanel } from './SpendPanel';
import { TablePanel } from './TablePanel';
import { TIMEZONE } from './days';
import { FRESH_MS, SLOW_MS } from './fresh';
import { COST_LINKS } from './links';
import { useChoices } from './useChoices';
import './cost.css';

const ROWS = 200;
// limits.list_rows of a server that nobody changed.
const ROWS_MAX = 1000;

const KEYS: readonly Shortcut[] = [
  { keys: ['j'], does: 'In a table: the next row; k the one before, Enter opens it' },
  { keys: ['←', '→', '↑', '↓'], does: 'On the flame graph: from frame to frame' },
  { keys: ['Enter'], does: 'On the flame graph: widen the frame; Esc goes back' },
];

export function CostView() {
  const view = useView();
  const choices = useChoices();
  useShortcuts(KEYS);
  const cost = useGet(
    '/api/v1/cost',
    {
      ...view.params,
      by: choices.by.join(','),
      timezone: TIMEZONE,
      limit: choices.rows === 'all' ? ROWS_MAX : ROWS,
    },
    { everyMs: view.live && FRESH_MS },
  );
  const anomalies = useGet(
    '/api/v1/cost/anomalies',
    { ...view.params, limit: 5 },
    { everyMs: view.live && SLOW_MS },
  );
  // Nothing spent because of the window and the filter, or because nothing was ever sent?
  const anything = useAnything(cost.data?.groups_total === 0);
  if (anything === false) return <FirstSpan />;
  return (
    <PageFrame
      title="Cost"
      view={view}
      filter
      filterError={errorOfFilter(cost.error)}
      tabs={<TabLinks label="Cost" links={COST_LINKS} />}
    >
      <ByBar by={choices.by} view={view} />
      <Panels>
        <SpendPanel view={view} choices={choices} cost={cost} anomalies={anomalies.data} />
        <div className="cost-side">
          <ForecastPanel view={view} />
          <AnomaliesPanel anomalies={anomalies} />
        </div>
        <TablePanel view={view} choices={choices} cost={cost} />
        <FlamePanel view={view} choices={choices} />
        <ProvenancePanel view={view} cost={cost} />
        <SpendersPanel view={view} choices={choices} />
      </Panels>
    </PageFrame>
  );
}
