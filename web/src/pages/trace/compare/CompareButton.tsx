// Chooses the run to compare this one with: one of its kind, or any by its id.

import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useGet } from 'api/query';
import type { Trace } from 'api/types';
import { formatCost, formatDuration, formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { quoteValue } from 'widgets/filter/complete';
import { Status } from 'widgets/figures/Status';
import { Form, FormButtons, TextField } from 'widgets/form/Form';
import { Dialog } from 'widgets/overlay/Dialog';
import './compare.css';

const SINCE = '30d';
const SUGGESTED = 6;
const TRACE_ID = /^[0-9a-f]{32}$/;

export function CompareButton({ trace }: { trace: Trace }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button small" onClick={() => setOpen(true)}>
        Compare with…
      </button>
      {open && <CompareDialog trace={trace} onClose={() => setOpen(false)} />}
    </>
  );
}

function CompareDialog({ trace, onClose }: { trace: Trace; onClose: () => void }) {
  const [id, setId] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  const navigate = useNavigate();
  const go = () => {
    // An address of a trace will do as well.
    const other = /[0-9a-f]{32}/i.exec(id)?.[0].toLowerCase() ?? '';
    if (!TRACE_ID.test(other)) return setWrong('The id of a trace has 32 digits, 0 to f.');
    if (other === trace.trace_id) return setWrong('This is the run itself.');
    void navigate({
      to: '/traces/$trace_id/compare/$other' as string,
      params: { trace_id: trace.trace_id, other } as never,
    });
  };
  const runs = [
    trace.root_name && {
      title: 'Of the same name',
      q: `is_root = true AND name = ${quoteValue(trace.root_name)}`,
    },
    trace.session_id && {
      title: 'Of the same session',
      q: `session_id = ${quoteValue(trace.session_id)}`,
    },
    trace.feature && {
      title: 'Of the same feature',
      q: `feature = ${quoteValue(trace.feature)}`,
    },
  ].filter((one) => one !== '');
  return (
    <Dialog title="Compare this run with" width={620} onClose={onClose}>
      <Form onSubmit={go}>
        <TextField
          label="Id or address of another trace"
          value={id}
          onChange={(next) => {
            setId(next);
            setWrong(null);
          }}
          error={wrong}
          mono
        />
        <FormButtons>
          <button type="submit" className="button main" disabled={id.trim() === ''}>
            Compare
          </button>
        </FormButtons>
      </Form>
      {runs.map(({ title, q }) => (
        <Suggestions key={title} title={title} q={q} trace={trace} />
      ))}
    </Dialog>
  );
}

function Suggestions({ title, q, trace }: { title: string; q: string; trace: Trace }) {
  const found = useGet('/api/v1/traces', { since: SINCE, q, limit: SUGGESTED + 1 });
  const others = found.data?.traces
    .filter(({ trace_id }) => trace_id !== trace.trace_id)
    .slice(0, SUGGESTED);
  return (
    <section className="compare-with">
      <h3>{title}</h3>
      {found.error && <p className="bad">{found.error.message}</p>}
      {others?.length === 0 && <p className="dim">None in the last 30 days.</p>}
      <ul>
        {others?.map((other) => (
          <li key={other.trace_id}>
            <Link
              to={'/traces/$trace_id/compare/$other' as string}
              params={{ trace_id: trace.trace_id, other: other.trace_id } as never}
            >
              <span className="compare-with-name cut">
                {visibleText(other.root_name) || other.trace_id}
              </span>
              <span title={other.started_at}>{formatTime(other.started_at, new Date())}</span>
              <Status status={other.status} />
              <span>{formatDuration(other.duration_ms)}</span>
              <span>{formatCost(other.cost_usd)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
