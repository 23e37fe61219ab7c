import { useState } from 'react';
import { visibleText } from 'base/text';
import { Form, FormButtons, SelectField, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import type { Alert } from './words';

const LENGTHS = [
  { value: '', label: 'until it is over' },
  { value: '1h', label: 'for 1 hour' },
  { value: '4h', label: 'for 4 hours' },
  { value: '1d', label: 'for a day' },
];

export function AckDialog({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const [comment, setComment] = useState('');
  const [by, setBy] = useState('');
  const [length, setLength] = useState('');
  const ack = useAction(
    (api, body: { comment?: string; by?: string; for?: string }) =>
      api.post('/api/v1/alerts/{fingerprint}/ack', { fingerprint: alert.fingerprint }, body),
    {
      done: `${alert.alertname} is acknowledged`,
      refresh: ['/api/v1/alerts', '/api/v1/alerts/{fingerprint}'],
      then: onClose,
      quiet: true,
    },
  );
  return (
    <Dialog title={`Acknowledge ${visibleText(alert.alertname)}`} onClose={onClose}>
      <Form
        error={ack.error}
        onSubmit={() =>
          ack.run({
            ...(comment.trim() !== '' && { comment: comment.trim() }),
            ...(by.trim() !== '' && { by: by.trim() }),
            ...(length !== '' && { for: length }),
          })
        }
      >
        <p className="dim">
          It is not repeated to anybody while it is acknowledged. That it is over is told.
        </p>
        <TextField
          label="What is done about it"
          value={comment}
          onChange={setComment}
          placeholder="rolling back the prompt"
        />
        <TextField label="By" hint="Empty: the key that is logged in" value={by} onChange={setBy} />
        <SelectField label="How long" value={length} options={LENGTHS} onChange={setLength} />
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={ack.busy}>
            Acknowledge
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}
