import { classes } from 'base/classes';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { ViewLink } from 'widgets/page/ViewLink';
import { AlertActions } from './AlertActions';
import type { Doing } from './AlertsView';
import { Labels } from './Labels';
import {
  againstWords,
  severityColor,
  severityTone,
  STATE_HELP,
  STATE_TONES,
  STATE_WORDS,
  type Alert,
} from './words';

export function AlertRow({
  alert,
  quiet,
  onDo,
}: {
  alert: Alert;
  quiet: boolean;
  onDo: (doing: Doing) => void;
}) {
  const { annotations, value, threshold, unit } = alert;
  const summary = annotations['summary'] ?? annotations['description'] ?? '';
  const cause = annotations['cause'] ?? '';
  return (
    <li
      className={classes('alert-row', quiet && 'alert-quiet')}
      style={{ borderLeftColor: severityColor(alert.severity) }}
    >
      <div className="alert-main">
        <div className="alert-title">
          <SeverityPill severity={alert.severity} />
          <ViewLink
            to="/alerts"
            search={{ alert: alert.fingerprint }}
            className="alert-open"
            title={visibleText(alert.alertname)}
          >
            {visibleText(alert.alertname)}
          </ViewLink>
          <StatePill alert={alert} />
          <Quieted alert={alert} />
        </div>
        {summary !== '' && <p className="alert-summary">{visibleText(summary)}</p>}
        {cause !== '' && (
          <p className="alert-summary dim">
            <span className="alert-word">Likely cause</span> {visibleText(cause)}
          </p>
        )}
        <Labels labels={alert.labels} />
      </div>
      <div className="alert-side">
        <span className="alert-value">{againstWords(value, threshold, unit)}</span>
        <span className="dim">
          since <RelativeTime at={alert.fired_at ?? alert.active_at} />
        </span>
        <AlertActions alert={alert} onDo={onDo} />
      </div>
    </li>
  );
}

export function SeverityPill({ severity }: { severity: string | null }) {
  return <Pill tone={severityTone(severity)}>{visibleText(severity ?? 'no severity')}</Pill>;
}

// Nothing where it simply fires.
export function StatePill({ alert: { state, flapping } }: { alert: Alert }) {
  return (
    <>
      {state !== 'firing' && (
        <Pill tone={STATE_TONES[state]} title={STATE_HELP[state]}>
          {STATE_WORDS[state]}
        </Pill>
      )}
      {flapping && (
        <Pill tone="neutral" title="It comes and goes: told once, and held for half an hour">
          flapping
        </Pill>
      )}
    </>
  );
}

// Why nobody is told of it.
function Quieted({ alert: { ack, silenced_by, inhibited_by } }: { alert: Alert }) {
  return (
    <>
      {ack && (
        <span className="dim alert-cut" title={visibleText(ack.comment)}>
          acknowledged by {visibleText(ack.by)}
          {ack.comment !== '' && `: ${visibleText(ack.comment)}`}
        </span>
      )}
      {silenced_by.length > 0 && (
        <ViewLink to="/alerts/silences" search={{ silence: silenced_by[0] }}>
          silenced
        </ViewLink>
      )}
      {inhibited_by.length > 0 && (
        <ViewLink to="/alerts" search={{ alert: inhibited_by[0] }}>
          consequence of another alert
        </ViewLink>
      )}
    </>
  );
}
