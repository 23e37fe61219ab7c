// A budget to make or to change: every field with what it means, errors of the server at theirs.

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
import { Code } from 'widgets/text/Code';
import {
  bodyOf,
  fieldOf,
  hasDays,
  hasLifetime,
  startsAnew,
  withScope,
  yamlOf,
  type Draft,
  type FormField,
} from './draft';
import { EXCEEDS, HINTS, MODES, PERS, SCOPES, UNKNOWN_PRICES, WINDOWS } from './words';
import type { Budget } from './state';

interface BudgetFormProps {
  initial: Draft;
  before?: Budget | undefined; // The one that is changed; without it a new one is made.
  taken: readonly string[]; // Ids that are in use.
  onClose: () => void;
  onSaved: (id: string) => void;
}

export function BudgetForm({ initial, before, taken, onClose, onSaved }: BudgetFormProps) {
  const [draft, setDraft] = useState(initial);
  const [clash, setClash] = useState(false);
  const set =
    <Name extends keyof Draft>(name: Name) =>
    (value: Draft[Name]) => {
      setDraft((was) => ({ ...was, [name]: value }));
      if (name === 'id') setClash(false);
    };
  const save = useAction(
    (api, body: ReturnType<typeof bodyOf>) =>
      before
        ? api.put('/api/v1/budgets/{budget_id}', { budget_id: before.id }, body)
        : api.put('/api/v1/budgets', {}, body),
    {
      done: (budget) => `Budget ${budget.id} holds from now on`,
      refresh: ['/api/v1/budgets', '/api/v1/budgets/{budget_id}'],
      then: (budget) => onSaved(budget.id),
      quiet: true,
    },
  );
  const wrong = save.error === null ? null : fieldOf(save.error);
  const errorAt = (field: FormField) => (wrong === field ? save.error : null);
  const lifetime = hasLifetime(draft.scope);
  const submit = () => {
    // Making one must not replace another that has the same id.
    if (!before && taken.includes(draft.id.trim())) setClash(true);
    else save.run(bodyOf(draft));
  };
  return (
    <Dialog
      title={before ? `Change budget ${before.id}` : 'New budget'}
      onClose={onClose}
      width={560}
    >
      <Form onSubmit={submit} error={wrong === null ? save.error : null}>
        <TextField
          label="Id"
          value={draft.id}
          onChange={set('id')}
          hint={HINTS.id}
          error={clash ? 'A budget with this id is there already.' : errorAt('id')}
          disabled={before !== undefined}
          required
          mono
        />
        <NumberField
          label="Limit"
          unit="US dollars"
          value={draft.limit}
          onChange={set('limit')}
          hint={HINTS.limit}
          error={errorAt('limit_usd')}
          min={0}
          required
        />
        <SelectField
          label="Over what"
          value={draft.scope}
          options={SCOPES}
          onChange={(scope) => setDraft(withScope(draft, scope))}
          hint={HINTS.scope[draft.scope]}
          error={errorAt('scope')}
        />
        {draft.scope !== 'global' && (
          <TextField
            label="Which ones"
            value={draft.match}
            onChange={set('match')}
            hint={HINTS.match}
            error={errorAt('match')}
            mono
          />
        )}
        {draft.scope !== 'global' && !lifetime && (
          <SelectField
            label="Counted"
            value={draft.per}
            options={PERS}
            onChange={set('per')}
            hint={HINTS.per}
            error={errorAt('per')}
          />
        )}
        {lifetime ? (
          <p className="form-said">
            Its window is the lifetime of the {draft.scope}: there is nothing to choose.
          </p>
        ) : (
          <SelectField
            label="Window"
            value={draft.window}
            options={WINDOWS}
            onChange={set('window')}
            hint={HINTS.window}
            error={errorAt('window')}
          />
        )}
        {!lifetime && draft.window === 'rolling' && (
          <TextField
            label="Length"
            value={draft.length}
            onChange={set('length')}
            hint={HINTS.length}
            error={errorAt('length')}
          />
        )}
        {hasDays(draft) && (
          <TextField
            label="Time zone"
            value={draft.timezone}
            onChange={set('timezone')}
            hint={HINTS.timezone}
            error={errorAt('timezone')}
          />
        )}
        <CheckField
          label="Hard: refuse calls that do not fit"
          checked={draft.hard}
          onChange={set('hard')}
          hint={HINTS.hard}
        />
        {draft.hard && (
          <>
            <SelectField
              label="Set aside for a call"
              value={draft.mode}
              options={MODES}
              onChange={set('mode')}
              hint={HINTS.mode}
              error={errorAt('mode')}
            />
            <SelectField
              label="When it is spent"
              value={draft.on_exceed}
              options={EXCEEDS}
              onChange={set('on_exceed')}
              hint={HINTS.on_exceed}
              error={errorAt('on_exceed')}
            />
            <SelectField
              label="Models without a price"
              value={draft.unknown_price}
              options={UNKNOWN_PRICES}
              onChange={set('unknown_price')}
              hint={HINTS.unknown_price}
              error={errorAt('unknown_price')}
            />
          </>
        )}
        <TextField
          label="Project"
          value={draft.project}
          onChange={set('project')}
          hint={HINTS.project}
          error={errorAt('project')}
        />
        {before && startsAnew(before, draft) && (
          <p className="warn" role="status">
            With this change its counters start at zero. A change of the limit alone keeps them.
          </p>
        )}
        <details className="budget-lines">
          <summary>The same as lines for pitot.yaml</summary>
          <Code text={yamlOf(draft)} label="Copy the lines" />
        </details>
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={save.busy}>
            {before ? 'Save' : 'Make the budget'}
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}
