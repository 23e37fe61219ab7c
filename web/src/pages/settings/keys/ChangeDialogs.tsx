import { useState } from 'react';
import { Form, FormButtons, SelectField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Dialog } from 'widgets/overlay/Dialog';
import type { MadeKey } from './KeysView';
import type { Key } from './newKey';

const GRACES = [
  { value: '0s', label: 'Not at all' },
  { value: '1h', label: 'An hour' },
  { value: '24h', label: 'A day' },
  { value: '168h', label: 'A week' },
] as const;

export function RotateDialog({
  keyToChange,
  onClose,
  onMade,
}: {
  keyToChange: Key;
  onClose: () => void;
  onMade: (made: MadeKey) => void;
}) {
  const [grace, setGrace] = useState<(typeof GRACES)[number]['value']>('24h');
  const rotate = useAction(
    (api, id: string) => api.post('/api/v1/keys/{key_id}/rotate', { key_id: id }, { grace }),
    {
      done: ({ key }) => `${key.name} has a new secret`,
      refresh: ['/api/v1/keys'],
      then: ({ key, secret }) => onMade({ key, secret, rotated: true }),
      quiet: true,
    },
  );
  return (
    <Dialog title={`A new secret for ${keyToChange.name}?`} onClose={onClose}>
      <Form onSubmit={() => rotate.run(keyToChange.id)} error={rotate.error}>
        <p>Scopes, budget and everything else stay; whoever calls with it needs the new secret.</p>
        <SelectField
          label="The old secret stays valid for"
          value={grace}
          options={GRACES}
          onChange={setGrace}
        />
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={rotate.busy}>
            Rotate
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}

export function RevokeDialog({ keyToChange, onClose }: { keyToChange: Key; onClose: () => void }) {
  const revoke = useAction(
    (api, key: Key) => api.delete('/api/v1/keys/{key_id}', { key_id: key.id }),
    {
      done: (_, key) => `${key.name} is revoked`,
      refresh: ['/api/v1/keys', '/api/v1/session'],
      then: onClose,
      quiet: true,
    },
  );
  return (
    <Dialog title={`Revoke ${keyToChange.name}?`} onClose={onClose}>
      <Form onSubmit={() => revoke.run(keyToChange)} error={revoke.error}>
        <p>
          Whoever calls with it is refused from now on. It cannot be undone. Last used:{' '}
          <RelativeTime at={keyToChange.last_used_at} />.
        </p>
        {keyToChange.budget && <p>Its budget ends with it.</p>}
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" className="button danger" disabled={revoke.busy}>
            Revoke
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}
