// The five questions at a glance, live: what agents did, which tools failed, what it costs, what got
// worse with the last prompt change, and who burns the budget.

import { useGet } from 'api/query';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { AlertsPanel } from './AlertsPanel';
import { BurnersPanel } from './BurnersPanel';
import { LatencyPanel } from './LatencyPanel';
import { QualityPanel } from './QualityPanel';
import { ReceiptsPanel } from './ReceiptsPanel';
import { RunsPanel } from './RunsPanel';
import { SlosPanel } from './SlosPanel';
import { SpendPanel } from './SpendPanel';
import { ToolsPanel } from './ToolsPanel';
import { TrafficPanel } from './TrafficPanel';
import { FRESH_MS } from './fresh';
import './overview.css';

const HISTOGRAM_POINTS = 90;

export function OverviewView() {
  const view = useView();
  const traffic = useGet(
    '/api/v1/traces/histogram',
    { ...view.params, points: HISTOGRAM_POINTS },
    { everyMs: view.live && FRESH_MS },
  );
  // Empty because of the window and the filter, or because nothing was ever sent?
  const anything = useAnything(traffic.data?.total === 0);
  if (anything === false) return <FirstSpan />;
  return (
    <PageFrame title="Overview" view={view} filter filterError={errorOfFilter(traffic.error)}>
      <Panels>
        <AlertsPanel />
        <ReceiptsPanel />
        <TrafficPanel view={view} traffic={traffic} />
        <LatencyPanel view={view} />
        <SpendPanel view={view} />
        <BurnersPanel view={view} />
        <ToolsPanel view={view} />
        <QualityPanel view={view} />
        <SlosPanel />
        <RunsPanel view={view} />
      </Panels>
    </PageFrame>
  );
}
