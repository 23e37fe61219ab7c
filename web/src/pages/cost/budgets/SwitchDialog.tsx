// To stop the calls of a budget, or of one of its counters, and to let them go on.

import { useState } from 'react';
import { visibleText } from 'base/text';
import { Form, FormButtons, NumberField, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import type { Budget } from './state';

export interface Switched {
  budget: Budget;
  counter?: string | undefined; // Only this one; empty: of calls that name nobody.
}

const REFRESH = ['/api/v1/budgets', '/api/v1/budgets/{budget_id}'] as const;

const nameOf = ({ budget, counter }: Switched): string =>
  counter === undefined ? budget.id : `${budget.id}, ${visibleText(counter) || '(none)'}`;

export function DisableDialog({ what, onClose }: { what: Switched; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const { budget, counter } = what;
  const disable = useAction(
    (api, why: string) =>
      api.post(
        '/api/v1/budgets/{budget_id}/disable',
        { budget_id: budget.id },
        { ...(counter !== undefined && { counter }), ...(why !== '' && { reason: why }) },
      ),
    { done: `Calls of ${nameOf(what)} are refused`, refresh: REFRESH, then: onClose, quiet: true },
  );
  return (
    <Dialog title={`Disable ${nameOf(what)}`} onClose={onClose}>
      <Form onSubmit={() => disable.run(reason.trim())} error={disable.error}>
        <p>
          Every call that falls under it is refused, whether it is hard or soft, until somebody
          enables it.
          {budget.on_exceed === 'cut' && ' Its streams in flight are ended.'}
        </p>
        <TextField
          label="Reason"
          value={reason}
          onChange={setReason}
          hint="Told to those who are refused."
        />
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button danger" disabled={disable.busy}>
            Refuse its calls
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}

export function EnableDialog({ what, onClose }: { what: Switched; onClose: () => void }) {
  const [extra, setExtra] = useState<number | null>(null);
  const { budget, counter } = what;
  const enable = useAction(
    (api, extra_usd: number | null) =>
      api.post(
        '/api/v1/budgets/{budget_id}/enable',
        { budget_id: budget.id },
        { ...(counter !== undefined && { counter }), ...(extra_usd !== null && { extra_usd }) },
      ),
    {
      done: `Calls of ${nameOf(what)} are let through again`,
      refresh: REFRESH,
      then: onClose,
      quiet: true,
    },
  );
  return (
    <Dialog title={`Enable ${nameOf(what)}`} onClose={onClose}>
      <Form onSubmit={() => enable.run(extra)} error={enable.error}>
        <p>Calls are made again as far as the limit allows.</p>
        <NumberField
          label="Extra"
          unit="US dollars"
          value={extra}
          onChange={setExtra}
          min={0}
          hint="Added to the limit for the window that runs, and gone with it. Empty: nothing."
        />
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={enable.busy}>
            Enable
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}

export function RemoveDialog({
  budget,
  onClose,
  onRemoved,
}: {
  budget: Budget;
  onClose: () => void;
  onRemoved: () => void;
}) {
  const remove = useAction(
    (api, budget_id: string) => api.delete('/api/v1/budgets/{budget_id}', { budget_id }),
    { done: `Budget ${budget.id} is removed`, refresh: ['/api/v1/budgets'], then: onRemoved },
  );
  return (
    <Dialog
      title={`Remove budget ${budget.id}?`}
      onClose={onClose}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            className="button danger"
            disabled={remove.busy}
            onClick={() => remove.run(budget.id)}
          >
            Remove it
          </button>
        </>
      }
    >
      <p>
        Nothing holds its calls any more, and what its counters know is gone. Spans and their costs
        stay.
      </p>
    </Dialog>
  );
}
