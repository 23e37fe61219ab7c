// A question mark with an explanation behind it, opened by pointing, focus or a tap.

import { useId, useState, type ReactNode } from 'react';
import './Help.css';

export function Help({ about, children }: { about: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <span className="hint" onMouseEnter={() => setOpen(true)} onMouseLeave={() => setOpen(false)}>
      <button
        type="button"
        className="hint-mark"
        aria-label={`What is ${about}?`}
        aria-expanded={open}
        aria-describedby={open ? id : undefined}
        onClick={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
      >
        ?
      </button>
      {open && (
        <span className="hint-text" role="tooltip" id={id}>
          {children}
        </span>
      )}
    </span>
  );
}
