import { useState } from 'react';
import { useGet } from 'api/query';
import type { Answer, Schema } from 'api/types';
import { formatDuration, formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { useAction } from 'widgets/form/useAction';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { SLOW_MS } from './words';

type Receiver = Schema<'AlertReceiver'>;
type Channel = Receiver['channels'][number];
type Test = Answer<'/api/v1/receivers/{name}/test', 'post'>;

const EXAMPLE = `alerts:
  receivers:
    - name: ops
      slack: {url_env: SLACK_URL}`;

export function ReceiversPanel() {
  const receivers = useGet('/api/v1/receivers', {}, { everyMs: SLOW_MS });
  return (
    <Panel
      title="Receivers"
      cols={5}
      help="Who can be told, by which channels, and whether that works. A test sends a notification that is marked as one."
      state={receivers}
      empty={({ receivers: list }) =>
        list.length === 0 && (
          <EmptyState title="Nobody is told of alerts" command={EXAMPLE}>
            They are only shown here. Name a receiver in the configuration file: Slack, PagerDuty,
            e-mail, a webhook, a command or an Alertmanager.
          </EmptyState>
        )
      }
    >
      {({ receivers: list }) => (
        <ul className="plain-list">
          {list.map((receiver) => (
            <ReceiverItem key={receiver.name} receiver={receiver} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function ReceiverItem({ receiver: { name, is_default, channels } }: { receiver: Receiver }) {
  const [result, setResult] = useState<Test | null>(null);
  const test = useAction(
    (api, receiver: string) => api.post('/api/v1/receivers/{name}/test', { name: receiver }),
    { refresh: ['/api/v1/receivers'], then: setResult, quiet: true },
  );
  return (
    <li className="receiver">
      <div className="receiver-head">
        <strong className="cut" title={visibleText(name)}>
          {visibleText(name)}
        </strong>
        {is_default && <span className="dim">takes what no route matches</span>}
        <button
          type="button"
          className="button small receiver-test"
          disabled={test.busy}
          aria-label={`Send a test to ${visibleText(name)}`}
          onClick={() => {
            setResult(null);
            test.run(name);
          }}
        >
          {test.busy ? 'Sending …' : 'Send a test'}
        </button>
      </div>
      {channels.map((channel) => (
        <ChannelLine key={channel.channel} channel={channel} />
      ))}
      {(result || test.error !== null) && (
        <div className="receiver-result" role="status">
          {test.error !== null && <p className="bad">{test.error}</p>}
          {result?.channels.map(({ channel, ok, skipped, error }) => (
            <p key={channel} className={ok ? 'good' : 'bad'}>
              {visibleText(channel)}:{' '}
              {skipped
                ? 'nothing was sent'
                : ok
                  ? 'it took the test'
                  : visibleText(error ?? 'failed')}
            </p>
          ))}
        </div>
      )}
    </li>
  );
}

function ChannelLine({ channel }: { channel: Channel }) {
  const { kind, target, sent, failed, retries, queued, last_latency_ms } = channel;
  const { last_success_at, last_error_at, last_error } = channel;
  const broken = last_error_at !== null && (last_success_at ?? '') < last_error_at;
  return (
    <div className="channel">
      <div className="channel-line">
        <Pill tone={broken ? 'bad' : last_success_at === null ? 'neutral' : 'good'}>
          {broken ? 'failing' : last_success_at === null ? 'never used' : 'works'}
        </Pill>
        <span className="cut" title={visibleText(`${kind} ${target}`)}>
          {kind} <span className="dim">{visibleText(target)}</span>
        </span>
      </div>
      <p className="dim">
        {formatInt(sent)} sent
        {failed > 0 && <span className="bad">, {formatInt(failed)} given up</span>}
        {retries > 0 && `, ${formatInt(retries)} tried again`}
        {queued > 0 && `, ${formatInt(queued)} waiting`}
        {last_success_at !== null && (
          <>
            , last <RelativeTime at={last_success_at} /> in {formatDuration(last_latency_ms)}
          </>
        )}
      </p>
      {broken && last_error !== null && (
        <p className="bad channel-error">
          {visibleText(last_error)} (<RelativeTime at={last_error_at} />)
        </p>
      )}
    </div>
  );
}
