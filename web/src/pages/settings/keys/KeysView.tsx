// Who may call: keys with their scopes, made, rotated and revoked here. A secret is seen once.

import { useState } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useGet } from 'api/query';
import { Icon } from 'widgets/figures/Icon';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { NeedsAdmin } from '../NeedsAdmin';
import { useRights } from '../rights';
import { SettingsFrame } from '../SettingsFrame';
import { KeyDialog } from './KeyDialog';
import { KeyTable } from './KeyTable';
import { NewKeyDialog } from './NewKeyDialog';
import { RevokeDialog, RotateDialog } from './ChangeDialogs';
import { SecretDialog } from './SecretDialog';
import type { Key } from './newKey';

type Asked = { what: 'new' } | { what: 'rotate' | 'revoke'; key: Key };

export interface MadeKey {
  key: Key;
  secret: string;
  rotated: boolean;
}

const CONFIG = `auth:
  mode: keys
  keys:
    - {name: ops, env: PITOT_ADMIN_KEY, scopes: [admin]}`;

export function KeysView() {
  const rights = useRights();
  const allowed = rights.known && rights.admin;
  const keys = useGet('/api/v1/keys', {}, { enabled: allowed, everyMs: 30_000 });
  const { key: shown }: { key?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [made, setMade] = useState<MadeKey | null>(null);
  const close = () => setAsked(null);
  const open = (id: string | undefined) => void navigate({ to: '.', search: { key: id } as never });
  const done = (next: MadeKey) => {
    close();
    setMade(next);
  };
  const first = keys.data?.keys.length === 0;
  const detail = keys.data?.keys.find(({ id }) => id === shown);
  const create = (
    <button type="button" className="button main" onClick={() => setAsked({ what: 'new' })}>
      <Icon name="plus" />
      New key
    </button>
  );
  return (
    <SettingsFrame part="Keys">
      <Panel
        title="Keys"
        help="A key says who calls: what it may do, whose data it reads and writes, and in the gateway what its calls are attributed to and may spend. Pitot keeps the hash of a key, never the key."
        flush
        {...(allowed && !first && { actions: create })}
        {...(keys.data && { note: `${keys.data.keys.length}` })}
        state={allowed || !rights.known ? keys : { ...keys, data: { keys: [] }, error: null }}
        empty={({ keys: list }) =>
          !allowed ? (
            <NeedsAdmin rights={rights} to="see and change keys" />
          ) : (
            list.length === 0 && <NoKeys action={create} />
          )
        }
      >
        {({ keys: list }) => (
          <KeyTable
            keys={list}
            onOpen={({ id }) => open(id)}
            onRotate={(key) => setAsked({ what: 'rotate', key })}
            onRevoke={(key) => setAsked({ what: 'revoke', key })}
          />
        )}
      </Panel>
      {asked?.what === 'new' && (
        <NewKeyDialog first={first && !rights.keysRequired} onClose={close} onMade={done} />
      )}
      {asked?.what === 'rotate' && (
        <RotateDialog keyToChange={asked.key} onClose={close} onMade={done} />
      )}
      {asked?.what === 'revoke' && <RevokeDialog keyToChange={asked.key} onClose={close} />}
      {detail && !asked && !made && <KeyDialog shown={detail} onClose={() => open(undefined)} />}
      {made && <SecretDialog made={made} onClose={() => setMade(null)} />}
    </SettingsFrame>
  );
}

function NoKeys({ action }: { action: React.ReactNode }) {
  return (
    <EmptyState title="No key yet" command={CONFIG} actions={action}>
      <p>
        Everybody on this machine may do anything. The first key has the scope admin; from then on
        every call needs a key, this page too.
      </p>
      <p>By hand: pitot key create ops --scopes admin. Or in the configuration file:</p>
    </EmptyState>
  );
}
