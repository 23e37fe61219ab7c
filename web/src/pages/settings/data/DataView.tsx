// What is kept, for how long; how it leaves the server, and how somebody's data is deleted.

import { useGet } from 'api/query';
import { formatBytes, formatInt, plural } from 'base/format';
import { Stat, Stats } from 'widgets/figures/Stat';
import { Panel } from 'widgets/layout/Panel';
import { Code } from 'widgets/text/Code';
import { useRights } from '../rights';
import { SettingsFrame } from '../SettingsFrame';
import type { SettingsAnswer } from '../ServerView';
import { DeleteUser } from './DeleteUser';
import { exportCommands } from './exports';

export function DataView() {
  const settings = useGet('/api/v1/settings', {});
  const rights = useRights();
  return (
    <SettingsFrame part="Data">
      <Panel
        title="Retention"
        help="Removed a whole day at a time: figures, spans and contents alike."
        cols={6}
        state={settings}
      >
        {(answer) => <Retention answer={answer} />}
      </Panel>
      <Panel
        title="Redaction"
        help="Before anything reaches the disk, so nothing that was replaced can be found again."
        cols={6}
        state={settings}
      >
        {({ redaction }) => (
          <div className="settings-words">
            <p>
              {redaction.secrets
                ? 'API keys, tokens and passwords are replaced.'
                : 'Secrets are stored as they come.'}{' '}
              {redaction.personal.length > 0
                ? `Personal data of these kinds too: ${redaction.personal.join(', ')}.`
                : 'Personal data is stored as it comes.'}{' '}
              {redaction.rules.length > 0 && `Rules of your own: ${redaction.rules.join(', ')}.`}
            </p>
            <p className="dim">To replace personal data too, in pitot.yaml:</p>
            <Code text="redaction: {secrets: true, personal: [email, phone]}" />
          </div>
        )}
      </Panel>
      <Panel title="Export" state={settings}>
        {(answer) => <Export targets={answer.export_targets} keysRequired={rights.keysRequired} />}
      </Panel>
      <Panel
        title="Delete a user's data"
        help="All traces of the user's runs, with what was said in them. Sums of the past change with it."
      >
        <DeleteUser rights={rights} />
      </Panel>
    </SettingsFrame>
  );
}

function Retention({ answer: { retention } }: { answer: SettingsAnswer }) {
  const receipts = useGet('/api/v1/receipts', {}, { everyMs: 30_000 }).data;
  const free = (receipts?.store as { disk_free_bytes?: unknown } | undefined)?.disk_free_bytes;
  const spans = (receipts?.store as { spans?: unknown } | undefined)?.spans;
  return (
    <div className="settings-words">
      <Stats>
        <Stat name="Telemetry" value={plural(retention.days, 'day')} note="after it ended" />
        <Stat
          name="Imported history"
          value={retention.import_days === 0 ? 'for ever' : plural(retention.import_days, 'day')}
        />
        {typeof free === 'number' && <Stat name="Free on the disk" value={formatBytes(free)} />}
        {typeof spans === 'number' && (
          <Stat name="Written" value={formatInt(spans)} note="spans since the server started" />
        )}
      </Stats>
      <p className="dim">To change it, in pitot.yaml, and start the server again:</p>
      <Code text={`retention: {days: ${retention.days}, import_days: ${retention.import_days}}`} />
    </div>
  );
}

function Export({
  targets,
  keysRequired,
}: {
  targets: SettingsAnswer['export_targets'];
  keysRequired: boolean;
}) {
  return (
    <div className="settings-words">
      {targets.length === 0 ? (
        <p>
          Nothing is sent on to another system by itself. Everything that is stored can be taken
          out: as JSON Lines that another Pitot imports, as OTLP for any OpenTelemetry receiver, or
          as one Parquet file.
        </p>
      ) : (
        <ul>
          {targets.map(({ name, type }) => (
            <li key={name}>
              {name} ({type})
            </li>
          ))}
        </ul>
      )}
      {exportCommands(window.location.origin, keysRequired).map(({ what, command }) => (
        <div key={what}>
          <p className="dim">{what}</p>
          <Code text={command} />
        </div>
      ))}
    </div>
  );
}
