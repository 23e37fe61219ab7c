// The whole trace in a strip above the table: what ran when, where it failed, and which part is shown.
// Dragging over it shows that part.

import { useMemo, useRef } from 'react';
import type { Span } from 'api/types';
import { formatDuration } from 'base/format';
import { useWidth } from 'base/width';
import { densityOf } from './density';
import { within, type Window } from './scale';
import { useBrush } from './useBrush';

const HEIGHT_PX = 36;
const ERROR_PX = 5;
const PLACE_PX = 2;

interface MinimapProps {
  spans: readonly Span[];
  whole: Window;
  window: Window | null; // The part that is shown, null for all of it.
  now: number | null;
  onWindow: (window: Window | null) => void;
}

export function Minimap({ spans, whole, window, now, onWindow }: MinimapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const places = Math.max(1, Math.floor(width / PLACE_PX));
  const size = whole.to - whole.from;
  const brush = useBrush(
    (from, to) => onWindow({ from: whole.from + from * size, to: whole.from + to * size }),
    (at) => {
      if (window === null) return;
      const half = (window.to - window.from) / 2;
      const center = whole.from + at * size;
      onWindow(within({ from: center - half, to: center + half }, whole));
    },
  );
  const paths = useMemo(
    () => pathsOf(spans, whole, places, now),
    // A strip of a running trace need not be drawn anew at each tick of the clock.
    [spans, places, whole, now],
  );
  const shown =
    brush.part ??
    (window && {
      from: Math.max(0, (window.from - whole.from) / size),
      to: Math.min(1, (window.to - whole.from) / size),
    });
  return (
    <div
      ref={frame}
      className="minimap"
      title="Drag to show a part of the time"
      aria-hidden="true"
      onDoubleClick={() => onWindow(null)}
      {...brush.handlers}
    >
      <svg width={width} height={HEIGHT_PX}>
        <path d={paths.other} className="minimap-other" />
        <path d={paths.tool} className="minimap-tool" />
        <path d={paths.llm} className="minimap-llm" />
        <path d={paths.errors} className="minimap-errors" />
        {shown && (
          <>
            <rect className="minimap-out" width={shown.from * width} height={HEIGHT_PX} />
            <rect
              className="minimap-out"
              x={shown.to * width}
              width={Math.max(0, (1 - shown.to) * width)}
              height={HEIGHT_PX}
            />
            <rect
              className="minimap-shown"
              x={shown.from * width}
              width={Math.max(1, (shown.to - shown.from) * width)}
              height={HEIGHT_PX}
            />
          </>
        )}
      </svg>
      {shown && (
        <span className="minimap-words">
          {formatDuration((shown.to - shown.from) * size)} of {formatDuration(size)}
        </span>
      )}
    </div>
  );
}

// Columns from the ground up, one kind upon the other.
function pathsOf(spans: readonly Span[], whole: Window, places: number, now: number | null) {
  const { llm, tool, other, errors, most } = densityOf(spans, whole, places, now);
  const room = HEIGHT_PX - ERROR_PX - 3;
  const paths = { llm: '', tool: '', other: '', errors: '' };
  for (let i = 0; i < places; ++i) {
    const x = i * PLACE_PX;
    let ground = HEIGHT_PX - ERROR_PX - 1;
    const column = (count: number) => {
      if (count === 0) return '';
      // One among many must still be seen.
      const height = Math.max(1.5, (count / most) * room);
      ground -= height;
      return `M${x} ${ground.toFixed(1)}h${PLACE_PX}v${height.toFixed(1)}h-${PLACE_PX}z`;
    };
    paths.llm += column(llm[i]!);
    paths.tool += column(tool[i]!);
    paths.other += column(other[i]!);
    if (errors[i]! > 0) paths.errors += `M${x - 1} ${HEIGHT_PX - ERROR_PX}h4v${ERROR_PX}h-4z`;
  }
  return paths;
}
