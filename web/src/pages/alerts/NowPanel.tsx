import type { UseQueryResult } from '@tanstack/react-query';
import type { Schema } from 'api/types';
import { formatInt, plural } from 'base/format';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Doing } from './AlertsView';
import { AlertRow } from './AlertRow';
import { MatchField } from './MatchField';
import { matchError } from './matchError';
import type { Alert } from './words';

interface NowPanelProps {
  alerts: UseQueryResult<Schema<'Alerts'>>;
  match: string;
  view: View;
  onDo: (doing: Doing) => void;
}

export function NowPanel({ alerts, match, view, onDo }: NowPanelProps) {
  const wrong = matchError(alerts.error);
  const { data } = alerts;
  return (
    <Panel
      title="Now"
      help="What fires, and below what is over its threshold but not yet for long enough. What is silenced, acknowledged or the consequence of another alert stands last."
      note={data && <Counts counts={data.counts} />}
      actions={
        <MatchField
          value={match}
          error={wrong}
          onChange={(next) => view.change({ match: next || undefined })}
        />
      }
      state={wrong === null ? alerts : { ...alerts, error: null }}
      empty={({ alerts: list }) =>
        list.every(({ state }) => state === 'resolved') && (
          <EmptyState title={match === '' ? 'Nothing fires' : 'Nothing that matches fires'}>
            {match === ''
              ? 'The rules below are evaluated all the time; they need no configuration.'
              : 'Take a matcher away to see more.'}
          </EmptyState>
        )
      }
    >
      {({ alerts: list, left_out }) => (
        <>
          <AlertList
            label="Firing alerts"
            alerts={quietLast(list.filter((one) => !['pending', 'resolved'].includes(one.state)))}
            onDo={onDo}
          />
          <AlertList
            label="Pending alerts"
            heading="Pending"
            alerts={list.filter(({ state }) => state === 'pending')}
            onDo={onDo}
          />
          {left_out > 0 && (
            <p className="dim">and {formatInt(left_out)} more: narrow them down by matchers</p>
          )}
        </>
      )}
    </Panel>
  );
}

function Counts({ counts }: { counts: Schema<'Alerts'>['counts'] }) {
  const words = [
    counts.firing > 0 && `${formatInt(counts.firing)} firing`,
    counts.keep_firing > 0 && `${formatInt(counts.keep_firing)} clearing`,
    counts.no_data > 0 && `${formatInt(counts.no_data)} without data`,
    counts.pending > 0 && `${formatInt(counts.pending)} pending`,
    counts.acknowledged > 0 && `${formatInt(counts.acknowledged)} acknowledged`,
    counts.silenced > 0 && `${formatInt(counts.silenced)} silenced`,
    counts.inhibited > 0 && `${plural(counts.inhibited, 'consequence')} of others`,
  ].filter(Boolean);
  return <>{words.join(', ')}</>;
}

const quiet = (alert: Alert) =>
  alert.silenced_by.length > 0 || alert.inhibited_by.length > 0 || alert.ack !== null;

// The server's order, loudest and newest first, what nobody needs to look at behind it.
function quietLast(alerts: readonly Alert[]): Alert[] {
  return [...alerts.filter((one) => !quiet(one)), ...alerts.filter(quiet)];
}

function AlertList({
  label,
  heading,
  alerts,
  onDo,
}: {
  label: string;
  heading?: string;
  alerts: readonly Alert[];
  onDo: (doing: Doing) => void;
}) {
  if (alerts.length === 0) return null;
  return (
    <>
      {heading !== undefined && <h3 className="alert-heading">{heading}</h3>}
      <ul className="alert-list" aria-label={label}>
        {alerts.map((alert) => (
          <AlertRow key={alert.fingerprint} alert={alert} quiet={quiet(alert)} onDo={onDo} />
        ))}
      </ul>
    </>
  );
}
