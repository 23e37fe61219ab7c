// One figure with its name, and how it changed: "p99 latency  2.41 s  +12% against the baseline".

import type { ReactNode } from 'react';
import { classes } from 'base/classes';
import { formatPercent } from 'base/format';
import type { Tone } from 'base/colors';
import './Stat.css';

interface StatProps {
  name: string;
  value: ReactNode; // With its unit: formatDuration(ms), <Money usd={...} />.
  note?: ReactNode;
  tone?: Tone;
  // A share by which it changed: 0.12 is +12%. `worse`: which direction is bad.
  change?: { share: number; against: string; worse?: 'up' | 'down' } | undefined;
  title?: string;
}

export function Stat({ name, value, note, tone = 'neutral', change, title }: StatProps) {
  return (
    <div className="stat" title={title}>
      <div className="stat-name">{name}</div>
      <div className={classes('stat-value', tone !== 'neutral' && `tone-${tone}`)}>{value}</div>
      {change && <Change {...change} />}
      {note !== undefined && <div className="stat-note">{note}</div>}
    </div>
  );
}

// Below this it is noise, and no colour says otherwise.
const NOISE = 0.02;

function Change({ share, against, worse }: NonNullable<StatProps['change']>) {
  const up = share > 0;
  const tone =
    worse === undefined || Math.abs(share) < NOISE ? '' : up === (worse === 'up') ? 'bad' : 'good';
  return (
    <div className="stat-note">
      <span className={tone}>
        {up ? '+' : ''}
        {formatPercent(share)}
      </span>{' '}
      {against}
    </div>
  );
}

// Figures side by side.
export function Stats({ children }: { children: ReactNode }) {
  return <div className="stats">{children}</div>;
}
