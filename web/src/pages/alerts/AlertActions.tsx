// What can be done about an alert: say that somebody is at it, tell nobody for a while, look at the
// traces, read the diagnosis.

import { useAction } from 'widgets/form/useAction';
import { ViewLink } from 'widgets/page/ViewLink';
import type { Doing } from './AlertsView';
import { filterBehind, windowBehind } from './behind';
import type { Alert } from './words';

export function AlertActions({ alert, onDo }: { alert: Alert; onDo: (doing: Doing) => void }) {
  const unack = useAction(
    (api, fingerprint: string) => api.post('/api/v1/alerts/{fingerprint}/unack', { fingerprint }),
    {
      done: `${alert.alertname}: nobody is at it any more`,
      refresh: ['/api/v1/alerts', '/api/v1/alerts/{fingerprint}'],
    },
  );
  const about = `${alert.alertname} ${Object.values(alert.labels).join(' ')}`;
  return (
    <div className="alert-actions">
      <TracesLink alert={alert} />
      {alert.runbook !== null && (
        <ViewLink
          to="/alerts/runbooks"
          search={{ runbook: alert.runbook, alert: alert.fingerprint }}
          className="button small"
          label={`Diagnosis of ${about}`}
        >
          Diagnosis
        </ViewLink>
      )}
      {alert.state !== 'resolved' &&
        (alert.ack ? (
          <button
            type="button"
            className="button small"
            disabled={unack.busy}
            aria-label={`Unacknowledge ${about}`}
            onClick={() => unack.run(alert.fingerprint)}
          >
            Unacknowledge
          </button>
        ) : (
          <button
            type="button"
            className="button small"
            aria-label={`Acknowledge ${about}`}
            onClick={() => onDo({ what: 'ack', alert })}
          >
            Acknowledge
          </button>
        ))}
      {alert.silenced_by.length === 0 && (
        <button
          type="button"
          className="button small"
          aria-label={`Silence ${about}`}
          onClick={() => onDo({ what: 'silence', alert })}
        >
          Silence
        </button>
      )}
    </div>
  );
}

function TracesLink({ alert }: { alert: Alert }) {
  if (alert.rule_id === 'slo_burn' || alert.rule_id === 'slo_budget') {
    return (
      <ViewLink
        to="/alerts/slos"
        search={{ slo: alert.labels['slo'] }}
        className="button small"
        label={`Objective ${alert.labels['slo']}`}
      >
        Objective
      </ViewLink>
    );
  }
  const q = filterBehind(alert);
  if (q === null) return null;
  return (
    <ViewLink
      to="/traces"
      search={{ ...windowBehind(alert), q }}
      className="button small"
      title={q}
      label={`Traces behind ${alert.alertname}`}
    >
      Traces
    </ViewLink>
  );
}
