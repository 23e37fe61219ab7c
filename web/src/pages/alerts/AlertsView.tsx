// What fires and may fire soon, what fired, the rules behind it, and who was told.

import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useGet } from 'api/query';
import { useShortcuts, type Shortcut } from 'base/shortcuts';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { AckDialog } from './AckDialog';
import { AlertDialog } from './AlertDialog';
import { AlertTabs } from './AlertTabs';
import { HistoryPanel } from './HistoryPanel';
import { NotificationsPanel } from './NotificationsPanel';
import { NowPanel } from './NowPanel';
import { ReceiversPanel } from './ReceiversPanel';
import { RuleDialog } from './RuleDialog';
import { RulesPanel } from './RulesPanel';
import { SilenceDialog } from './silences/SilenceDialog';
import { draftsOf } from './silences/matchers';
import { useRowKeys } from 'widgets/page/useRowKeys';
import { FRESH_MS, type Alert } from './words';
import './alerts.css';

const LIMIT = 500;
const KEYS: readonly Shortcut[] = [
  { keys: ['j'], does: 'Next alert' },
  { keys: ['k'], does: 'Alert before' },
  { keys: ['Enter'], does: 'Open the alert' },
];

export type Doing = { what: 'ack' | 'silence'; alert: Alert };

export function AlertsView() {
  const view = useView();
  const search: { alert?: string; rule?: string; match?: string } = useSearch({ strict: false });
  const { alert: open, rule, match = '' } = search;
  const alerts = useGet('/api/v1/alerts', { match, limit: LIMIT }, { everyMs: FRESH_MS });
  const [doing, setDoing] = useState<Doing | null>(null);
  useShortcuts(KEYS);
  useRowKeys('.alert-open');
  const stop = () => setDoing(null);
  return (
    <PageFrame
      title="Alerts"
      view={view}
      tabs={<AlertTabs />}
      note={
        alerts.data && (
          <>
            evaluated <RelativeTime at={alerts.data.evaluated_at} />
          </>
        )
      }
    >
      <Panels>
        <NowPanel alerts={alerts} match={match} view={view} onDo={setDoing} />
        <HistoryPanel view={view} match={match} now={alerts.data?.alerts ?? []} />
        <RulesPanel view={view} />
        <ReceiversPanel />
        <NotificationsPanel view={view} />
      </Panels>
      {open !== undefined && (
        <AlertDialog
          fingerprint={open}
          onDo={setDoing}
          onClose={() => view.change({ alert: undefined })}
        />
      )}
      {rule !== undefined && (
        <RuleDialog id={rule} onClose={() => view.change({ rule: undefined })} />
      )}
      {doing?.what === 'ack' && <AckDialog alert={doing.alert} onClose={stop} />}
      {doing?.what === 'silence' && (
        <SilenceDialog
          title={`Silence ${doing.alert.alertname}`}
          drafts={draftsOf(doing.alert.labels)}
          onClose={stop}
        />
      )}
    </PageFrame>
  );
}
