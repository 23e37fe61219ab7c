// Every loss counted: what arrived from whom, what was refused, cut or not counted, why, and what to do.

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useGet } from 'api/query';
import { formatBytes, formatDuration, formatInt, plural } from 'base/format';
import { Icon } from 'widgets/figures/Icon';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Stat, Stats } from 'widgets/figures/Stat';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { Dialog } from 'widgets/overlay/Dialog';
import { ViewLink } from 'widgets/page/ViewLink';
import { SettingsFrame } from '../SettingsFrame';
import {
  byWeight,
  errorsOf,
  figureOf,
  healthOf,
  SEVERITIES,
  sourceKey,
  textOf,
  type Health,
  type Loss,
  type Receipts,
} from './losses';
import { SourceTable } from './SourceTable';

const FRESH_MS = 5_000;

const HEALTH: Record<Health, { tone: 'good' | 'warn' | 'bad'; title: string; text: string }> = {
  well: {
    tone: 'good',
    title: 'Nothing was lost',
    text: 'Everything that was received is stored as it was sent.',
  },
  noted: {
    tone: 'good',
    title: 'Nothing was lost',
    text: 'Some things were noted on the way; none of them needs anything done.',
  },
  warned: {
    tone: 'warn',
    title: 'Something is not as it should be',
    text: 'Nothing is lost; figures may be incomplete until it is mended.',
  },
  lost: {
    tone: 'bad',
    title: 'Something was lost',
    text: 'Some of what was sent is not stored, or not whole. What to do stands beside each reason.',
  },
};

export function ReceiptsView() {
  const receipts = useGet('/api/v1/receipts', {}, { everyMs: FRESH_MS });
  const { source }: { source?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const open = (key: string | undefined) =>
    void navigate({ to: '.', search: { source: key } as never });
  const shown = receipts.data?.sources.find((one) => sourceKey(one) === source);
  return (
    <SettingsFrame part="Receipts">
      <Panel
        title="What was lost"
        help="Counted since the server started; the same counts are at /metrics for Prometheus."
        {...(receipts.data && {
          note: (
            <>
              since <RelativeTime at={receipts.data.since} />
            </>
          ),
        })}
        state={receipts}
      >
        {(answer) => <Losses answer={answer} />}
      </Panel>
      <Panel
        title="Sources"
        help="Who sends, by program and kind of data. A request that failed was refused as a whole."
        flush
        state={receipts}
        empty={({ sources }) =>
          sources.length === 0 && (
            <EmptyState
              title="Nothing was received since the server started"
              command={`export OTEL_EXPORTER_OTLP_ENDPOINT=${window.location.origin}`}
            >
              Any OpenTelemetry SDK sends its spans here when its environment says so:
            </EmptyState>
          )
        }
      >
        {({ sources }) => <SourceTable sources={sources} onOpen={(one) => open(sourceKey(one))} />}
      </Panel>
      <Panel title="Spool and store" state={receipts}>
        {(answer) => <Inside answer={answer} />}
      </Panel>
      {shown && (
        <Dialog title={shown.sender || shown.source} onClose={() => open(undefined)} width={720}>
          <p className="dim">
            {shown.source}, {shown.signal}, project {shown.project}: {formatInt(shown.accepted)}{' '}
            accepted, {formatInt(shown.rejected)} rejected in {plural(shown.requests, 'request')}
          </p>
          {shown.last_error !== '' && <p className="bad">Last error: {shown.last_error}</p>}
          {shown.drops.length === 0 ? (
            <p>Nothing of what it sent was lost.</p>
          ) : (
            <LossList losses={shown.drops} />
          )}
        </Dialog>
      )}
    </SettingsFrame>
  );
}

function Losses({ answer }: { answer: Receipts }) {
  const health = HEALTH[healthOf(answer)];
  const losses = byWeight(answer.totals);
  const errors = errorsOf(answer);
  return (
    <div className="settings-words">
      <p>
        <Pill tone={health.tone}>
          {health.tone === 'good' && <Icon name="check" />} {health.title}
        </Pill>{' '}
        {health.text}
      </p>
      {errors.map((error) => (
        <p key={error} className="bad" role="alert">
          The store: {error}
        </p>
      ))}
      {losses.length > 0 && <LossList losses={losses} />}
      {answer.notes.map((note) => (
        <p key={note} className="dim">
          {note}
        </p>
      ))}
    </div>
  );
}

function LossList({ losses }: { losses: readonly Loss[] }) {
  return (
    <ul className="settings-drops" aria-label="Reasons">
      {losses.map(({ name, severity, count, remedy }) => (
        <li key={name}>
          <Pill tone={SEVERITIES[severity].tone}>{SEVERITIES[severity].word}</Pill>
          <span>
            <strong>{formatInt(count)} ×</strong> {name.replaceAll('_', ' ')}
          </span>
          <span className="dim">
            {remedy}{' '}
            {name === 'unpriced_call' && <ViewLink to="/settings/prices">Price them</ViewLink>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Inside({ answer: { spool, store } }: { answer: Receipts }) {
  const bytes = (of: object, name: string) => {
    const value = figureOf(of, name);
    return value === null ? '–' : formatBytes(value);
  };
  const count = (of: object, name: string) => {
    const value = figureOf(of, name);
    return value === null ? '–' : formatInt(value);
  };
  const corrupt = figureOf(spool, 'corrupt_records');
  return (
    <Stats>
      <Stat
        name="Shown after"
        value={formatDuration(figureOf(store, 'lag_ms'))}
        note="from the receipt to the answer"
      />
      <Stat name="Waits for the store" value={bytes(spool, 'pending_bytes')} />
      <Stat name="Spans stored" value={count(store, 'spans')} note="since the server started" />
      <Stat name="Contents stored" value={count(store, 'payloads')} note="each text once" />
      <Stat
        name="Broken records"
        value={count(spool, 'corrupt_records')}
        tone={corrupt ? 'bad' : 'neutral'}
      />
      <Stat name="Free on the disk" value={bytes(store, 'disk_free_bytes')} />
      <Stat
        name="Last written"
        value={<RelativeTime at={textOf(store, 'last_flush_at')} />}
        note={textOf(store, 'engine') ?? undefined}
      />
    </Stats>
  );
}
