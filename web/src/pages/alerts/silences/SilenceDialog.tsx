// Makes a silence, or changes one: matchers with what they match now, how long, why.

import { useDeferredValue, useState } from 'react';
import { useGet } from 'api/query';
import type { Body, Schema } from 'api/types';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { Choice } from 'widgets/form/Choice';
import { Form, FormButtons, Labelled, TextField } from 'widgets/form/Form';
import { useAction } from 'widgets/form/useAction';
import { Icon } from 'widgets/figures/Icon';
import { Dialog } from 'widgets/overlay/Dialog';
import { SeverityPill } from '../AlertRow';
import { labelText } from '../words';
import {
  complete,
  matcherOf,
  matchText,
  OP_WORDS,
  OPS,
  PRESETS,
  type Draft,
  type Op,
} from './matchers';
import './silences.css';

interface SilenceDialogProps {
  title: string;
  drafts?: readonly Draft[];
  silence?: Schema<'AlertSilence'>; // The one that is changed.
  comment?: string;
  onClose: () => void;
}

const NEW: Draft = { name: '', op: '=', value: '' };
const SHOWN_MAX = 6;

export function SilenceDialog(props: SilenceDialogProps) {
  const { title, drafts: first = [NEW], silence, onClose } = props;
  const [drafts, setDrafts] = useState<readonly Draft[]>(first.length > 0 ? first : [NEW]);
  const [length, setLength] = useState(silence ? 'until' : '2h');
  const [until, setUntil] = useState(() => localText(silence ? new Date(silence.ends_at) : in2h()));
  const [from, setFrom] = useState('');
  const [comment, setComment] = useState(props.comment ?? silence?.comment ?? '');
  const [author, setAuthor] = useState(silence?.created_by ?? '');
  const save = useAction(
    (api, body: Body<'/api/v1/silences', 'post'>) => api.post('/api/v1/silences', {}, body),
    {
      done: ({ alerts }) => `Silenced: ${plural(alerts, 'alert')} now`,
      refresh: ['/api/v1/silences', '/api/v1/alerts', '/api/v1/alerts/{fingerprint}'],
      then: onClose,
      quiet: true,
    },
  );
  const ready = complete(drafts).length > 0 && comment.trim() !== '';
  const submit = () =>
    save.run({
      ...(silence && { id: silence.id }),
      matchers: complete(drafts).map(matcherOf),
      ...(length === 'until' ? { ends_at: new Date(until).toISOString() } : { for: length }),
      ...(from !== '' && { starts_at: new Date(from).toISOString() }),
      comment: comment.trim(),
      ...(author.trim() !== '' && { created_by: author.trim() }),
    });
  return (
    <Dialog title={title} onClose={onClose} width={640}>
      <Form onSubmit={submit} error={save.error}>
        <Matchers drafts={drafts} onChange={setDrafts} />
        <Preview drafts={drafts} />
        <div className="form-field">
          <span className="silence-label">How long</span>
          <Choice label="How long" value={length} options={PRESETS} onChange={setLength} />
          {length === 'until' && (
            <input
              className="field"
              type="datetime-local"
              aria-label="Until"
              step="60"
              required
              value={until}
              onChange={(event) => setUntil(event.target.value)}
            />
          )}
        </div>
        <TextField
          label="Why"
          required
          value={comment}
          onChange={setComment}
          placeholder="rollback under way"
        />
        <div className="silence-two">
          <TextField
            label="By"
            hint="Empty: the key that is logged in"
            value={author}
            onChange={setAuthor}
          />
          <Labelled label="From" hint="Empty: now">
            {(ids) => (
              <input
                {...ids}
                className="field"
                type="datetime-local"
                value={from}
                onChange={(event) => setFrom(event.target.value)}
              />
            )}
          </Labelled>
        </div>
        <FormButtons>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={!ready || save.busy}>
            {silence ? 'Save' : 'Silence'}
          </button>
        </FormButtons>
      </Form>
    </Dialog>
  );
}

function Matchers({
  drafts,
  onChange,
}: {
  drafts: readonly Draft[];
  onChange: (drafts: readonly Draft[]) => void;
}) {
  const set = (at: number, part: Partial<Draft>) =>
    onChange(drafts.map((draft, i) => (i === at ? { ...draft, ...part } : draft)));
  return (
    <fieldset className="matchers">
      <legend>Alerts with all of these labels</legend>
      {drafts.map(({ name, op, value }, i) => (
        <div key={i} className="matcher">
          <input
            className="field mono"
            aria-label={`Label ${i + 1}`}
            placeholder="label"
            value={name}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => set(i, { name: event.target.value })}
          />
          <select
            className="field mono"
            aria-label={`How label ${i + 1} is compared`}
            title={OP_WORDS[op]}
            value={op}
            onChange={(event) => set(i, { op: event.target.value as Op })}
          >
            {OPS.map((one) => (
              <option key={one} value={one} title={OP_WORDS[one]}>
                {one}
              </option>
            ))}
          </select>
          <input
            className="field mono"
            aria-label={`Value ${i + 1}`}
            placeholder={op.endsWith('~') ? 'expression' : 'value'}
            value={value}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => set(i, { value: event.target.value })}
          />
          <button
            type="button"
            className="button plain small"
            aria-label={`Take matcher ${i + 1} away`}
            disabled={drafts.length === 1}
            onClick={() => onChange(drafts.filter((_, at) => at !== i))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" className="button small" onClick={() => onChange([...drafts, NEW])}>
        <Icon name="plus" /> Another label
      </button>
    </fieldset>
  );
}

// What the matchers match at this moment; a silence holds for what comes later too.
function Preview({ drafts }: { drafts: readonly Draft[] }) {
  const match = useDeferredValue(matchText(drafts));
  const found = useGet(
    '/api/v1/alerts',
    { match, state: 'firing,keep_firing,no_data,pending', limit: SHOWN_MAX },
    { enabled: match !== '' },
  );
  if (match === '')
    return <p className="silence-preview dim">Name a label to see what it matches.</p>;
  if (found.error) {
    return (
      <p className="silence-preview bad" role="alert">
        {found.error.message}
      </p>
    );
  }
  const { alerts = [], left_out = 0 } = found.data ?? {};
  const count = alerts.length + left_out;
  return (
    <div className="silence-preview" role="status">
      <p className={count === 0 ? 'dim' : undefined}>
        {found.data === undefined
          ? 'Reading …'
          : count === 0
            ? 'No alert matches now. Those that come later do.'
            : `Matches ${plural(count, 'alert')} now`}
      </p>
      <ul className="plain-list">
        {alerts.map(({ fingerprint, alertname, severity, labels }) => (
          <li key={fingerprint}>
            <SeverityPill severity={severity} /> {visibleText(alertname)}{' '}
            <span className="dim">{visibleText(labelText(labels))}</span>
          </li>
        ))}
        {left_out > 0 && <li className="dim">and {left_out} more</li>}
      </ul>
    </div>
  );
}

const in2h = () => new Date(Date.now() + 2 * 3_600_000);

// What <input type=datetime-local> takes: the reader's own clock.
function localText(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
