// Before something is done: what exactly, to whom, for how long, and how it is undone.

import { useEffect } from 'react';
import { visibleText } from 'base/text';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import { Facts } from '../Facts';
import { lengthWords } from '../words';
import { KIND_WORDS, settingWords, targetWords, type Action } from './subject';

const READ_AGAIN = ['/api/v1/actions', '/api/v1/runbooks/{name}'] as const;

interface ActionDialogProps {
  action: Action;
  what: 'confirm' | 'revert';
  onClose: () => void;
}

export function ActionDialog({ action, what, onClose }: ActionDialogProps) {
  const { id, kind, words, target, ttl_s, guard, rollback, before } = action;
  const confirming = what === 'confirm';
  // The server's own word on whether it could be done now, before anybody clicks.
  const check = useAction(
    (api, action_id: string) =>
      api.post('/api/v1/actions/{action_id}/confirm', { action_id, dry_run: true }),
    { quiet: true },
  );
  const { run: runCheck } = check;
  useEffect(() => {
    if (confirming) runCheck(id);
    // Once, when it is opened.
  }, [id, confirming]);
  const act = useAction(
    (api, action_id: string) =>
      confirming
        ? api.post('/api/v1/actions/{action_id}/confirm', { action_id })
        : api.post('/api/v1/actions/{action_id}/revert', { action_id }),
    {
      done: confirming ? 'It is done' : 'It is undone',
      refresh: READ_AGAIN,
      then: onClose,
      quiet: true,
    },
  );
  const error = act.error ?? check.error;
  return (
    <Dialog
      title={confirming ? 'Do this?' : 'Undo this?'}
      onClose={onClose}
      width={600}
      actions={
        <>
          <button type="button" className="button" onClick={onClose}>
            {confirming ? 'Leave it' : 'Keep it'}
          </button>
          <button
            type="button"
            className={confirming ? 'button main' : 'button danger'}
            disabled={act.busy || check.busy || check.error !== null}
            onClick={() => act.run(id)}
          >
            {confirming ? 'Confirm' : 'Revert'}
          </button>
        </>
      }
    >
      <p className="action-words">{visibleText(words)}</p>
      <p>{confirming ? KIND_WORDS[kind] : `Afterwards: ${visibleText(rollback || before)}.`}</p>
      <Facts
        facts={[
          ['Of', visibleText(targetWords(target))],
          ...settingWords(action),
          ...(confirming
            ? ([
                ['For', `${lengthWords(ttl_s)}, then it ends by itself`],
                ['Undone', visibleText(rollback || 'by itself')],
              ] as const)
            : []),
          ...(guard === '' ? [] : ([['Guard', visibleText(guard)]] as const)),
        ]}
      />
      <p className="dim">It is done by the gateway, and stands in the audit log with your key.</p>
      {error !== null && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
    </Dialog>
  );
}
