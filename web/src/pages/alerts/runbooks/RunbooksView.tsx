// Runbooks: the diagnosis of what is slow, fails or costs, what can be done about it, and what was.

import { useSearch } from '@tanstack/react-router';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { useView } from 'widgets/page/useView';
import { AlertTabs } from '../AlertTabs';
import { ActionsPanel } from './ActionsPanel';
import { RunbookPanel } from './RunbookPanel';
import { StatusPagesPanel } from './StatusPagesPanel';
import { useRunbook, type RunbookName } from './useRunbook';
import '../alerts.css';
import './runbooks.css';

const NAMES: readonly string[] = ['latency', 'errors', 'cost'];

export function RunbooksView() {
  const view = useView();
  const search: { runbook?: string; alert?: string } = useSearch({ strict: false });
  const { runbook, alert } = search;
  const name = runbook !== undefined && NAMES.includes(runbook) ? (runbook as RunbookName) : null;
  const report = useRunbook(name, alert, view);
  return (
    <PageFrame
      title="Runbooks"
      view={view}
      filter
      filterError={errorOfFilter(report.error)}
      tabs={<AlertTabs />}
    >
      <Panels>
        <RunbookPanel name={name} alert={alert} report={report} view={view} />
        <ActionsPanel />
        <StatusPagesPanel />
      </Panels>
    </PageFrame>
  );
}
