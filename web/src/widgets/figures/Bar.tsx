// A share as a bar, for cells of tables; or several shares of one whole.

import { classes } from 'base/classes';
import { formatPercent } from 'base/format';
import './Bar.css';

// `share` from 0 to 1; more is drawn full, in the colour of too much.
export function Bar({
  share,
  color = 'var(--accent)',
  label,
}: {
  share: number | null;
  color?: string;
  label?: string; // "of the budget"
}) {
  const width = Math.min(1, Math.max(0, share ?? 0));
  return (
    <span
      className={classes('bar', share !== null && share > 1 && 'bar-over')}
      role="img"
      aria-label={`${formatPercent(share)}${label ? ` ${label}` : ''}`}
    >
      {width > 0 && (
        <span className="bar-fill" style={{ width: `${width * 100}%`, background: color }} />
      )}
    </span>
  );
}

export interface BarPart {
  name: string;
  share: number; // Of the whole, 0 to 1.
  color: string;
}

export function StackedBar({ parts, label }: { parts: readonly BarPart[]; label: string }) {
  const shown = parts.filter(({ share }) => share > 0);
  const words = shown.map(({ name, share }) => `${name} ${formatPercent(share)}`).join(', ');
  return (
    <span className="bar" role="img" aria-label={`${label}: ${words || 'nothing'}`} title={words}>
      {shown.map(({ name, share, color }) => (
        <span
          key={name}
          className="bar-fill"
          style={{ width: `${share * 100}%`, background: color }}
        />
      ))}
    </span>
  );
}
