// What the server was started with, where each part of it is set, and where to send what.

import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatDuration, parseTime } from 'base/format';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Stat, Stats } from 'widgets/figures/Stat';
import { Panel } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';
import { Code } from 'widgets/text/Code';
import { Integration } from './Integration';
import { SettingsFrame } from './SettingsFrame';
import { LimitsTable, SettingsTable } from './SettingsTable';

export type SettingsAnswer = Answer<'/api/v1/settings'>;

const AUTH: Record<SettingsAnswer['auth']['mode'], string> = {
  auto: 'as soon as there is one, or another address than loopback is listened on',
  keys: 'always',
  none: 'never: whoever can connect may do anything',
};

export function ServerView() {
  const settings = useGet('/api/v1/settings', {}, { everyMs: 30_000 });
  return (
    <SettingsFrame part="Server">
      <Panel title="This server" state={settings}>
        {(answer) => <Server answer={answer} />}
      </Panel>
      <Panel
        title="Send something here"
        help="Telemetry of instrumented programs, and calls of programs that nobody instrumented."
        state={settings}
      >
        {(answer) => <Integration answer={answer} />}
      </Panel>
      <Panel
        title="Settings"
        help="They hold until the server is started again. A variable of the environment comes before the file, the file before the default."
        flush
        state={settings}
      >
        {(answer) => <SettingsTable answer={answer} />}
      </Panel>
      <Panel
        title="Limits"
        help="Set as limits.NAME in pitot.yaml, or PITOT_LIMITS_NAME in the environment."
        flush
        state={settings}
      >
        {(answer) => <LimitsTable limits={answer.limits} />}
      </Panel>
      <Panel title="As a file" help="What pitot config check prints." state={settings}>
        {({ config }) =>
          config === null || config === undefined ? (
            <p className="dim">Shown to those who see every project: keys with the scope admin.</p>
          ) : (
            <details className="settings-config">
              <summary>pitot.yaml as it holds now, with every default</summary>
              <Code text={config} />
            </details>
          )
        }
      </Panel>
    </SettingsFrame>
  );
}

function Server({ answer }: { answer: SettingsAnswer }) {
  const { version, started_at, store, auth, retention, redaction, prices, listen } = answer;
  const personal = [...redaction.personal, ...redaction.rules];
  return (
    <>
      <Stats>
        <Stat
          name="Version"
          value={version}
          note={
            <>
              up {formatDuration(Date.now() - parseTime(started_at))}, started{' '}
              <RelativeTime at={started_at} />
            </>
          }
        />
        <Stat
          name="Store"
          value={store.mode === 'embedded' ? 'Embedded' : 'ClickHouse'}
          note={
            <Pill tone={store.ready ? 'good' : 'bad'}>{store.ready ? 'ready' : 'not ready'}</Pill>
          }
        />
        <Stat
          name="Keys"
          value={auth.keys_required ? 'Needed' : 'Not needed'}
          note={
            <ViewLink to="/settings/keys">
              {auth.mode}: {AUTH[auth.mode]}
            </ViewLink>
          }
        />
        <Stat
          name="Kept"
          value={`${retention.days} days`}
          note={<ViewLink to="/settings/retention">Retention and deletion</ViewLink>}
        />
        <Stat
          name="Prices"
          value={prices.version}
          note={
            <ViewLink to="/settings/prices">
              of {prices.published}
              {prices.overrides_version ? ', and your own' : ''}
            </ViewLink>
          }
        />
      </Stats>
      <dl className="settings-facts">
        <dt>Project</dt>
        <dd>{answer.project}</dd>
        <dt>Listens</dt>
        <dd>
          {listen ? (
            <>
              HTTP on <span className="mono">{listen.http}</span>, gRPC{' '}
              {listen.grpc === null ? (
                'off'
              ) : (
                <>
                  on <span className="mono">{listen.grpc}</span>
                </>
              )}
            </>
          ) : (
            <span className="dim">shown to those who see every project</span>
          )}
        </dd>
        <dt>Redaction</dt>
        <dd>
          {redaction.secrets
            ? 'API keys, tokens and passwords are replaced before anything reaches the disk'
            : 'Secrets are stored as they come'}
          {personal.length > 0 && `; also ${personal.join(', ')}`}
        </dd>
      </dl>
    </>
  );
}
