// One word on a state, with a colour by meaning. The word says it all; the colour helps.

import type { ReactNode } from 'react';
import { toolColor, type AnyToolStatus, type Tone } from 'base/colors';
import './Pill.css';

export function Pill({
  tone,
  children,
  title,
}: {
  tone: Tone;
  children: ReactNode;
  title?: string;
}) {
  return (
    <span className={`pill pill-${tone}`} title={title}>
      {children}
    </span>
  );
}

// How a tool call ended: "invalid args".
export function ToolStatusPill({ status }: { status: AnyToolStatus }) {
  return (
    <span className="pill-dotted">
      <span className="dot" style={{ background: toolColor(status) }} />
      {status.replaceAll('_', ' ')}
    </span>
  );
}

// A spot in the colour of a line or a group of a chart.
export function Dot({ color }: { color: string }) {
  return <span className="dot" style={{ background: color }} aria-hidden="true" />;
}
