// The window of time: one of those offered, or from and to.

import { useEffect, useId, useRef, useState } from 'react';
import { boundsOf, rangeLabel, TIME_RANGES } from 'base/range';
import { Icon } from 'widgets/figures/Icon';
import './RangePicker.css';

interface RangePickerProps {
  since: string;
  until: string | undefined;
  onChange: (since: string, until: string | undefined) => void;
}

export function RangePicker({ since, until, onChange }: RangePickerProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const choose = (nextSince: string, nextUntil: string | undefined) => {
    setOpen(false);
    root.current?.querySelector('button')?.focus();
    onChange(nextSince, nextUntil);
  };
  useEffect(() => {
    if (!open) return undefined;
    const onDown = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', onDown);
    return () => document.removeEventListener('pointerdown', onDown);
  }, [open]);
  return (
    <div
      className="range"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.preventDefault();
        event.stopPropagation();
        setOpen(false);
        root.current?.querySelector('button')?.focus();
      }}
    >
      <button
        type="button"
        className="button range-button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={`Time range: ${rangeLabel(since, until, new Date())}`}
        onClick={() => setOpen(!open)}
      >
        <Icon name="clock" />
        <span className="cut">{rangeLabel(since, until, new Date())}</span>
      </button>
      {open && (
        <div className="range-list" id={id} role="group" aria-label="Time range">
          {TIME_RANGES.map((range) => {
            const chosen = until === undefined && range.since === since;
            return (
              <button
                key={range.since}
                type="button"
                className={chosen ? 'range-option range-chosen' : 'range-option'}
                aria-pressed={chosen}
                onClick={() => choose(range.since, undefined)}
              >
                {range.label}
              </button>
            );
          })}
          <Custom since={since} until={until} onChoose={choose} />
        </div>
      )}
    </div>
  );
}

function Custom({
  since,
  until,
  onChoose,
}: {
  since: string;
  until: string | undefined;
  onChoose: (since: string, until: string | undefined) => void;
}) {
  const bounds = boundsOf(since, until, Date.now());
  const [from, setFrom] = useState(localText(bounds.fromMs));
  const [to, setTo] = useState(until === undefined ? '' : localText(bounds.toMs));
  const right = from !== '' && (to === '' || new Date(from) < new Date(to));
  return (
    <form
      className="range-custom"
      onSubmit={(event) => {
        event.preventDefault();
        const end = to === '' ? undefined : new Date(to).toISOString();
        if (right) onChoose(new Date(from).toISOString(), end);
      }}
    >
      <label>
        From
        <input
          className="field"
          type="datetime-local"
          step="1"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        To (empty: now)
        <input
          className="field"
          type="datetime-local"
          step="1"
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      <button type="submit" className="button" disabled={!right}>
        Show
      </button>
    </form>
  );
}

// What <input type=datetime-local> takes: the reader's own clock.
function localText(ms: number): string {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
