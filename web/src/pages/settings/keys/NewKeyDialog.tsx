import { useState } from 'react';
import {
  CheckField,
  Form,
  FormButtons,
  NumberField,
  SelectField,
  TextField,
} from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import type { MadeKey } from './KeysView';
import {
  bodyOf,
  EXPIRIES,
  NEW_KEY,
  SCOPES,
  wrongPins,
  type BudgetWindow,
  type KeyDraft,
  type Scope,
} from './newKey';

const WINDOWS = (['minute', 'hour', 'day', 'week', 'month'] as const).map((value) => ({
  value,
  label: `a ${value}`,
}));

interface NewKeyDialogProps {
  first: boolean; // Of a server that asked for none until now.
  onClose: () => void;
  onMade: (made: MadeKey) => void;
}

export function NewKeyDialog({ first, onClose, onMade }: NewKeyDialogProps) {
  const [draft, setDraft] = useState<KeyDraft>(
    first ? { ...NEW_KEY, name: 'ops', scopes: ['admin'] } : NEW_KEY,
  );
  const change = (next: Partial<KeyDraft>) => setDraft({ ...draft, ...next });
  const create = useAction(
    (api, wanted: KeyDraft) => {
      const make = () => api.post('/api/v1/keys', {}, bodyOf(wanted));
      return first ? api.firstKey(make) : make();
    },
    {
      done: ({ key }) => `The key ${key.name} is made`,
      refresh: ['/api/v1/keys', '/api/v1/session', '/api/v1/settings'],
      then: ({ key, secret }) => onMade({ key, secret, rotated: false }),
      quiet: true,
    },
  );
  const pinsWrong = wrongPins(draft.pins);
  const gateway = draft.scopes.includes('gateway');
  const toggle = (scope: Scope, on: boolean) =>
    change({ scopes: on ? [...draft.scopes, scope] : draft.scopes.filter((one) => one !== scope) });
  return (
    <Dialog title="New key" onClose={onClose} width={560}>
      <Form onSubmit={() => create.run(draft)} error={create.error}>
        {first && (
          <p>
            This is the first key: it has the scope admin, and from then on every call needs a key.
            You are logged in with it.
          </p>
        )}
        <TextField
          label="Name"
          value={draft.name}
          onChange={(name) => change({ name })}
          placeholder="checkout"
          hint="Who or what calls with it"
          required
        />
        <fieldset className="settings-group">
          <legend>It may</legend>
          {SCOPES.map(({ scope, may }) => (
            <CheckField
              key={scope}
              label={scope}
              hint={may}
              checked={draft.scopes.includes(scope)}
              disabled={first && scope === 'admin'}
              onChange={(on) => toggle(scope, on)}
            />
          ))}
        </fieldset>
        <div className="settings-pair">
          <TextField
            label="Project"
            value={draft.project}
            onChange={(project) => change({ project })}
            placeholder="default"
            hint="Whose data its calls are"
          />
          <SelectField
            label="Expires"
            value={draft.expires}
            options={EXPIRIES}
            onChange={(expires) => change({ expires })}
          />
        </div>
        {gateway && (
          <fieldset className="settings-group">
            <legend>Its calls through the gateway</legend>
            <div className="settings-pair">
              <NumberField
                label="Budget"
                unit="USD"
                value={draft.limitUsd}
                min={0}
                onChange={(limitUsd) => change({ limitUsd })}
                hint="Empty: none of its own"
              />
              <SelectField<BudgetWindow>
                label="For"
                value={draft.window}
                options={WINDOWS}
                onChange={(window) => change({ window })}
              />
            </div>
            <CheckField
              label="Refuse calls beyond the budget"
              hint="Else they are only counted and alerted on"
              checked={draft.hard}
              onChange={(hard) => change({ hard })}
            />
            <TextField
              label="Always attributed to"
              value={draft.pins}
              onChange={(pins) => change({ pins })}
              placeholder={'feature=checkout\nuser=batch'}
              hint="A line each: feature, workflow, user, session, agent, prompt, prompt_version"
              error={pinsWrong}
              lines={2}
              mono
            />
            <TextField
              label="Models"
              value={draft.models}
              onChange={(models) => change({ models })}
              placeholder="gpt-5*, claude-*"
              hint="Globs of what may be called; empty: everything"
              mono
            />
          </fieldset>
        )}
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="button main"
            disabled={
              create.busy ||
              draft.name.trim() === '' ||
              draft.scopes.length === 0 ||
              (gateway && pinsWrong !== null)
            }
          >
            Make the key
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}
