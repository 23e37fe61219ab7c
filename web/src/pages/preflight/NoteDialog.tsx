// What a person says about a point: that it holds, that it does not matter yet, or what a drill gave.

import { useState } from 'react';
import { visibleText } from 'base/text';
import { Form, FormButtons, SelectField, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Dialog } from 'widgets/overlay/Dialog';
import { EVIDENCE } from './remedies';
import type { Point } from './report';

export type Doing = { what: 'attest' | 'waive' | 'evidence'; point: Point };

const TITLES = { attest: 'Attest', waive: 'Waive', evidence: 'Record a result of' };
const BUTTONS = { attest: 'Attest', waive: 'Waive', evidence: 'Record' };
const LENGTHS = [
  { value: '7d', label: 'a week' },
  { value: '14d', label: 'two weeks' },
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
];

export function NoteDialog({ doing, onClose }: { doing: Doing; onClose: () => void }) {
  const { what, point } = doing;
  const [by, setBy] = useState('');
  const [text, setText] = useState('');
  const [until, setUntil] = useState('14d');
  const evidence = EVIDENCE[point.id];
  const who = by.trim() === '' ? {} : { by: by.trim() };
  const act = useAction(
    async (api, words: string) => {
      const at = { point: point.id };
      if (what === 'attest') {
        await api.post('/api/v1/preflight/{point}/attest', at, { ...who, comment: words });
      } else if (what === 'waive') {
        await api.post('/api/v1/preflight/{point}/waive', at, { ...who, reason: words, until });
      } else {
        const values = { [evidence!.key]: words };
        await api.post('/api/v1/preflight/{point}/evidence', at, { ...who, values });
      }
    },
    {
      done: `${point.id}: it is noted`,
      refresh: ['/api/v1/preflight'],
      then: onClose,
      quiet: true,
    },
  );
  return (
    <Dialog title={`${TITLES[what]} ${point.id}`} onClose={onClose}>
      <Form onSubmit={() => act.run(text.trim())} error={act.error}>
        <p>{visibleText(point.title)}</p>
        <p className="dim">
          {what === 'attest' && 'Your word that it holds, for 90 days. It stands in the audit log.'}
          {what === 'waive' &&
            'It does not matter until a day, and then it counts again. It stands in the audit log.'}
          {what === 'evidence' && visibleText(point.wants)}
        </p>
        <TextField
          label={
            what === 'attest'
              ? 'How you know'
              : what === 'waive'
                ? 'Why'
                : (evidence?.label ?? 'Value')
          }
          required
          value={text}
          onChange={setText}
          placeholder={what === 'evidence' ? (evidence?.example ?? '') : ''}
        />
        {what === 'waive' && (
          <SelectField label="For" value={until} options={LENGTHS} onChange={setUntil} />
        )}
        <TextField label="By" hint="Empty: the key that is logged in" value={by} onChange={setBy} />
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={act.busy || text.trim() === ''}>
            {BUTTONS[what]}
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}
