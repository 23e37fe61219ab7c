import { useState } from 'react';
import { readProgress, type Progress } from 'api/progress';
import { formatInt, plural } from 'base/format';
import { Form, FormButtons, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import { NeedsAdmin } from '../NeedsAdmin';
import { ProgressBar } from '../Progress';
import type { Rights } from '../rights';

interface Deleted {
  traces: number;
  spans: number;
  payloads: number;
  verified: boolean;
}

export function DeleteUser({ rights }: { rights: Rights }) {
  const [user, setUser] = useState('');
  const [asked, setAsked] = useState(false);
  const [last, setLast] = useState<{ user: string; deleted: Deleted } | null>(null);
  if (!rights.admin) return <NeedsAdmin rights={rights} to="delete data" />;
  return (
    <div className="settings-words">
      <p>
        For requests of deletion: every trace whose user has this id, with its contents. Afterwards
        the store is searched for what might be left.
      </p>
      <Form onSubmit={() => setAsked(true)}>
        <TextField
          label="User"
          value={user}
          onChange={setUser}
          placeholder="as spans name it: user.id"
          mono
        />
        <FormButtons>
          <button type="submit" className="button danger" disabled={user.trim() === ''}>
            Delete the data …
          </button>
        </FormButtons>
      </Form>
      {last && (
        <p role="status">
          Deleted of “{last.user}”: {plural(last.deleted.traces, 'trace')},{' '}
          {plural(last.deleted.spans, 'span')}, {plural(last.deleted.payloads, 'content')}.{' '}
          {last.deleted.verified ? (
            <span className="good">Searched for afterwards: nothing is left.</span>
          ) : (
            <span className="bad">Something is left: delete again, and see the log.</span>
          )}
        </p>
      )}
      {asked && (
        <ConfirmDelete
          user={user.trim()}
          onClose={() => setAsked(false)}
          onDeleted={(deleted) => {
            setLast({ user: user.trim(), deleted });
            setAsked(false);
            setUser('');
          }}
        />
      )}
    </div>
  );
}

function ConfirmDelete({
  user,
  onClose,
  onDeleted,
}: {
  user: string;
  onClose: () => void;
  onDeleted: (deleted: Deleted) => void;
}) {
  const [typed, setTyped] = useState('');
  const [progress, setProgress] = useState<Progress | null>(null);
  const remove = useAction(
    (api, user_id: string) =>
      readProgress<Deleted>(
        api.sendPieces('DELETE', '/api/v1/users/{user_id}', { user_id }),
        setProgress,
      ),
    {
      done: ({ traces }) => `${formatInt(traces)} traces are deleted`,
      refresh: ['/api/v1/traces', '/api/v1/cost', '/api/v1/receipts'],
      then: onDeleted,
      quiet: true,
    },
  );
  return (
    <Dialog title="Delete for good?" onClose={onClose}>
      <Form onSubmit={() => remove.run(user)} error={remove.error}>
        <p>
          All traces of <strong className="mono">{user}</strong> and everything said in them. It
          cannot be undone.
        </p>
        <TextField
          label="Type the user’s id to confirm"
          value={typed}
          onChange={setTyped}
          disabled={remove.busy}
          mono
        />
        {remove.busy && <ProgressBar progress={progress} of="traces" />}
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Keep it
          </button>
          <button
            type="submit"
            className="button danger"
            disabled={remove.busy || typed.trim() !== user}
          >
            Delete
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}
