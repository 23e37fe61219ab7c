// One alert in full: what it says, the likely cause, its traces, when it fired, who was told, what
// silences it.

import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { formatDuration, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Dialog } from 'widgets/overlay/Dialog';
import { ViewLink } from 'widgets/page/ViewLink';
import { AlertActions } from './AlertActions';
import { SeverityPill, StatePill } from './AlertRow';
import type { Doing } from './AlertsView';
import { At } from './At';
import { episodesOf } from './episodes';
import { Facts } from './Facts';
import { Labels } from './Labels';
import { REASONS } from './NotificationsPanel';
import { TraceLinks } from './TraceLinks';
import { againstWords, FRESH_MS, type Alert } from './words';

// Told above the rest, or in figures.
const SAID = ['summary', 'description', 'cause', 'impact'];
const EPISODES_MAX = 6;

interface AlertDialogProps {
  fingerprint: string;
  onDo: (doing: Doing) => void;
  onClose: () => void;
}

export function AlertDialog({ fingerprint, onDo, onClose }: AlertDialogProps) {
  const detail = useGet('/api/v1/alerts/{fingerprint}', { fingerprint }, { everyMs: FRESH_MS });
  const alert = detail.data?.alert;
  const gone = !alert && detail.error !== null;
  return (
    <Dialog
      title={visibleText(alert?.alertname ?? 'Alert')}
      onClose={onClose}
      width={800}
      {...(alert && { actions: <AlertActions alert={alert} onDo={onDo} /> })}
    >
      {!alert && !gone && <Waiting title="Reading …" />}
      {gone && (
        <>
          <ErrorNotice error={detail.error!} retry={() => void detail.refetch()} />
          <p className="dim">What is over is forgotten after a while; its history stays:</p>
        </>
      )}
      {alert && <AlertBody alert={alert} report={detail.data!.report} />}
      <Past fingerprint={fingerprint} now={alert ? [alert] : []} />
      <Told fingerprint={fingerprint} />
    </Dialog>
  );
}

function AlertBody({ alert, report }: { alert: Alert; report: Schema<'RunbookReport'> | null }) {
  const { annotations, ack } = alert;
  const rest = Object.entries(annotations).filter(
    ([name, value]) => !SAID.includes(name) && value !== '',
  );
  return (
    <>
      <p className="alert-title">
        <SeverityPill severity={alert.severity} />
        <Pill tone={alert.state === 'resolved' ? 'good' : 'bad'}>
          {alert.state === 'firing' ? 'firing' : alert.state.replace('_', ' ')}
        </Pill>
        <StatePill alert={{ ...alert, state: 'firing' }} />
      </p>
      {SAID.map(
        (name) =>
          annotations[name] && (
            <p key={name} className="alert-said">
              {name !== 'summary' && name !== 'description' && (
                <span className="alert-word">{name === 'cause' ? 'Likely cause' : 'Impact'}</span>
              )}{' '}
              {visibleText(annotations[name]!)}
            </p>
          ),
      )}
      <Facts
        facts={[
          ['Value', againstWords(alert.value, alert.threshold, alert.unit) || 'not known'],
          ['Over its threshold', <RelativeTime key="a" at={alert.active_at} />],
          [
            'Fires',
            alert.fired_at === null ? 'not yet' : <RelativeTime key="f" at={alert.fired_at} />,
          ],
          ['Measured', <RelativeTime key="s" at={alert.last_seen_at} />],
          ['Fired within a day', plural(alert.occurrences, 'time')],
          ['Told to', alert.receivers.map(visibleText).join(', ') || 'nobody: it is only shown'],
          ['Last told', <RelativeTime key="t" at={alert.last_sent_at} />],
          [
            'Rule',
            alert.rule_id === null ? (
              'from another program'
            ) : (
              <ViewLink key="r" to="/alerts" search={{ rule: alert.rule_id }}>
                {visibleText(alert.rule_id)}
              </ViewLink>
            ),
          ],
          ...(ack
            ? ([
                [
                  'Acknowledged',
                  <span key="k">
                    by {visibleText(ack.by)}, <RelativeTime at={ack.at} />
                    {ack.until !== null && (
                      <>
                        , ends <RelativeTime at={ack.until} />
                      </>
                    )}
                    {ack.comment !== '' && `: ${visibleText(ack.comment)}`}
                  </span>,
                ],
              ] as const)
            : []),
        ]}
      />
      <Section title="Labels">
        <Labels labels={alert.labels} all />
      </Section>
      {rest.length > 0 && (
        <Section title="Annotations">
          <Facts
            facts={rest.map(([name, value]) => [
              visibleText(name),
              <Text key={name} text={value} />,
            ])}
          />
        </Section>
      )}
      {alert.exemplar_trace_ids.length > 0 && (
        <Section title="Traces of it">
          <TraceLinks ids={alert.exemplar_trace_ids} />
        </Section>
      )}
      {report && report.causes.length > 0 && (
        <Section title="Likely causes">
          <ol className="plain-list causes">
            {report.causes.map(({ words, trace_ids }) => (
              <li key={words}>
                {visibleText(words)} <TraceLinks ids={trace_ids.slice(0, 2)} />
              </li>
            ))}
          </ol>
        </Section>
      )}
      <Quieting alert={alert} />
    </>
  );
}

function Text({ text }: { text: string }) {
  return <span className="wrap">{visibleText(text)}</span>;
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="alert-part" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Quieting({ alert: { silenced_by, inhibited_by } }: { alert: Alert }) {
  const silences = useGet('/api/v1/silences', {}, { enabled: silenced_by.length > 0 });
  if (silenced_by.length === 0 && inhibited_by.length === 0) return null;
  return (
    <Section title="Why nobody is told">
      <ul className="plain-list">
        {silenced_by.map((id) => {
          const silence = silences.data?.silences.find((one) => one.id === id);
          return (
            <li key={id}>
              <ViewLink to="/alerts/silences" search={{ silence: id }}>
                silence {id.slice(0, 8)}
              </ViewLink>
              {silence && (
                <span className="dim">
                  {' '}
                  of {visibleText(silence.created_by)}, ends <RelativeTime at={silence.ends_at} />:{' '}
                  {visibleText(silence.comment)}
                </span>
              )}
            </li>
          );
        })}
        {inhibited_by.map((fingerprint) => (
          <li key={fingerprint}>
            a consequence of{' '}
            <ViewLink to="/alerts" search={{ alert: fingerprint }}>
              alert {fingerprint.slice(0, 8)}
            </ViewLink>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Past({ fingerprint, now }: { fingerprint: string; now: readonly Alert[] }) {
  const history = useGet(
    '/api/v1/alerts/history',
    { since: '30d', limit: 1000 },
    { staleMs: 10_000 },
  );
  const episodes = episodesOf(
    (history.data?.changes ?? []).filter((change) => change.fingerprint === fingerprint),
    now,
  );
  if (episodes.length === 0) return null;
  return (
    <Section title="Fired in the last 30 days">
      <ul className="plain-list">
        {episodes.slice(0, EPISODES_MAX).map(({ key, fromMs, toMs, summary }) => (
          <li key={key}>
            <At ms={fromMs} />{' '}
            <span className={toMs === null ? 'bad' : 'dim'}>
              {toMs === null ? 'until now' : `for ${formatDuration(toMs - fromMs)}`}
            </span>{' '}
            <span className="dim">{now.length === 0 && visibleText(summary)}</span>
          </li>
        ))}
        {episodes.length > EPISODES_MAX && (
          <li className="dim">and {plural(episodes.length - EPISODES_MAX, 'time')} more</li>
        )}
      </ul>
    </Section>
  );
}

function Told({ fingerprint }: { fingerprint: string }) {
  const answer = useGet('/api/v1/notifications', { limit: 200 }, { staleMs: 5_000 });
  const told = (answer.data?.notifications ?? []).filter(({ alerts }) =>
    alerts.includes(fingerprint),
  );
  if (told.length === 0) return null;
  return (
    <Section title="Told">
      <ul className="plain-list">
        {told.slice(0, EPISODES_MAX).map(({ at, receiver, reason, ok }) => (
          <li key={`${at} ${receiver}`}>
            <At at={at} /> {visibleText(receiver)} <span className="dim">{REASONS[reason]}</span>{' '}
            <span className={ok ? 'good' : 'bad'}>{ok ? 'delivered' : 'not delivered'}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
