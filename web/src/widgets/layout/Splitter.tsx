// A bar between two panes that sets the width of one: dragged, or moved by the arrow keys.

import { useRef } from 'react';
import './Splitter.css';

export function Splitter({
  label,
  width,
  min,
  max,
  side,
  onWidth,
}: {
  label: string;
  width: number;
  min: number;
  max: number;
  side: 'left' | 'right'; // Of the pane whose width it is.
  onWidth: (width: number) => void;
}) {
  const drag = useRef<{ x: number; width: number } | null>(null);
  const sign = side === 'left' ? 1 : -1;
  const set = (value: number) => onWidth(Math.round(Math.min(max, Math.max(min, value))));
  return (
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (drag.current) set(drag.current.width + sign * (event.clientX - drag.current.x));
      }}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
      onKeyDown={(event) => {
        const step = event.key === 'ArrowRight' ? 24 : event.key === 'ArrowLeft' ? -24 : 0;
        if (step === 0) return;
        event.preventDefault();
        event.stopPropagation();
        set(width + sign * step);
      }}
    />
  );
}
