import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Dialog } from 'widgets/overlay/Dialog';
import { Code } from 'widgets/text/Code';
import type { MadeKey } from './KeysView';

// The only time the key itself is to be seen. It is kept nowhere, not in this browser either.
export function SecretDialog({ made, onClose }: { made: MadeKey; onClose: () => void }) {
  const { key, secret, rotated } = made;
  return (
    <Dialog
      title={rotated ? `The new secret of ${key.name}` : `The key ${key.name}`}
      onClose={onClose}
      width={640}
      actions={
        <button type="button" className="button main" onClick={onClose}>
          I have kept it
        </button>
      }
    >
      <div className="settings-secret">
        <p>
          <strong>It is shown this once.</strong> Pitot keeps its hash and cannot show it again.
        </p>
        <Code text={secret} label="Copy the key" />
        {key.old_secret_until && (
          <p className="dim">
            The old secret stays valid too, until <RelativeTime at={key.old_secret_until} />.
          </p>
        )}
        <p className="dim">How it is sent:</p>
        <Code text={usesOf(key.scopes, secret)} />
      </div>
    </Dialog>
  );
}

function usesOf(scopes: readonly string[], secret: string): string {
  const all = scopes.includes('admin');
  const lines = [`export PITOT_KEY=${secret}`];
  if (all || scopes.includes('ingest')) {
    lines.push('export OTEL_EXPORTER_OTLP_HEADERS="x-pitot-key=$PITOT_KEY"');
  }
  if (scopes.includes('gateway')) {
    lines.push(
      `export OPENAI_BASE_URL=${window.location.origin}/openai/v1 OPENAI_API_KEY=$PITOT_KEY`,
    );
  }
  return lines.join('\n');
}
