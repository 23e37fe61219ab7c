import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { Panel } from 'widgets/layout/Panel';
import { Pill } from 'widgets/figures/Pill';
import { ViewLink } from 'widgets/page/ViewLink';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { FRESH_MS } from './fresh';

type Alert = Schema<'Alert'>;

const SHOWN = 4;
const TONES: Record<string, Tone> = {
  page: 'bad',
  ticket: 'warn',
  warning: 'warn',
  info: 'accent',
};

// Only while something fires.
export function AlertsPanel() {
  const alerts = useGet('/api/v1/alerts', { state: 'active', limit: 50 }, { everyMs: FRESH_MS });
  const list = alerts.data?.alerts ?? [];
  if (list.length === 0 && !alerts.error) return null;
  return (
    <Panel
      title="Firing alerts"
      className="overview-alerts"
      note={plural(list.length, 'alert')}
      link={{ to: '/alerts', label: 'Alerts' }}
      state={alerts}
    >
      {() => (
        <ul className="overview-list">
          {list.slice(0, SHOWN).map((alert) => (
            <AlertLine key={alert.fingerprint} alert={alert} />
          ))}
          {list.length > SHOWN && <li className="dim">and {list.length - SHOWN} more</li>}
        </ul>
      )}
    </Panel>
  );
}

function AlertLine({ alert }: { alert: Alert }) {
  const words = Object.values(alert.annotations).find((text) => text !== '');
  return (
    <li>
      <Pill tone={TONES[alert.severity ?? ''] ?? 'warn'}>{alert.severity ?? alert.state}</Pill>
      <ViewLink to="/alerts" search={{ alert: alert.fingerprint }}>
        {visibleText(alert.alertname)}
      </ViewLink>
      <span className="overview-words dim">
        {visibleText(String(alert.annotations['summary'] ?? words ?? ''))}
      </span>
      <span className="dim overview-when">
        {alert.silenced_by.length > 0 && 'silenced, '}
        {alert.ack !== null && 'acknowledged, '}
        <RelativeTime at={alert.fired_at ?? alert.active_at} />
      </span>
    </li>
  );
}
