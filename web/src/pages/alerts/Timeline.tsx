// When alerts fired: one lane a rule, a bar for each time. Dragging over it chooses a window; the same
// as a table is the panel's other view.

import { useRef, useState } from 'react';
import { formatDuration, formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { formatTimeTick } from 'base/units';
import { useWidth } from 'base/width';
import { ViewLink } from 'widgets/page/ViewLink';
import type { Episode, Lane } from './episodes';
import { ticksOf } from './ticks';
import { labelText, severityColor } from './words';

const ROW_PX = 14;
const TICK_PX = 90;
// Words nearer to an edge would stand beyond it.
const HALF_TICK_PX = 18;
// What is shorter is a click, not a choice.
const DRAG_PX = 5;

interface TimelineProps {
  lanes: readonly Lane[];
  bounds: { fromMs: number; toMs: number };
  onBrush: (fromMs: number, toMs: number) => void;
}

export function Timeline({ lanes, bounds, onBrush }: TimelineProps) {
  const { fromMs, toMs } = bounds;
  const tracks = useRef<HTMLDivElement>(null);
  const width = useWidth(tracks);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const dragged = useRef(false);
  const share = (ms: number) => Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));
  const ticks = ticksOf(fromMs, toMs, Math.max(2, Math.floor(width / TICK_PX)));
  const placeOf = (event: React.PointerEvent) => {
    const { left, width: wide } = tracks.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / wide));
  };
  const timeAt = (place: number) => fromMs + place * (toMs - fromMs);
  return (
    <div className="timeline">
      <div className="timeline-names">
        {lanes.map(({ name, rows }) => (
          <div key={name} className="timeline-name" style={{ height: heightOf(rows) }}>
            <span className="cut" title={visibleText(name)}>
              {visibleText(name)}
            </span>
          </div>
        ))}
      </div>
      <div
        ref={tracks}
        className="timeline-tracks"
        onDragStart={(event) => event.preventDefault()}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          dragged.current = false;
          setDrag({ from: placeOf(event), to: placeOf(event) });
        }}
        onPointerMove={(event) => {
          if (drag) setDrag({ ...drag, to: placeOf(event) });
        }}
        onPointerUp={() => {
          if (!drag) return;
          setDrag(null);
          const [a, b] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
          if ((b - a) * width < DRAG_PX) return;
          dragged.current = true;
          onBrush(timeAt(a), timeAt(b));
        }}
        onPointerLeave={() => setDrag(null)}
        onClickCapture={(event) => {
          // The end of a drag on a bar is no click on it.
          if (!dragged.current) return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        {ticks.at.map((ms) => (
          <span key={ms} className="timeline-line" style={{ left: `${share(ms) * 100}%` }} />
        ))}
        {lanes.map((lane) => (
          <ul
            key={lane.name}
            className="timeline-lane"
            style={{ height: heightOf(lane.rows) }}
            aria-label={`${visibleText(lane.name)} fired`}
          >
            {lane.bars.map((bar) => {
              const left = share(bar.fromMs);
              const right = share(bar.toMs ?? toMs);
              return (
                <li
                  key={bar.key}
                  className={bar.toMs === null ? 'timeline-bar timeline-open' : 'timeline-bar'}
                  style={{
                    // The shortest are drawn wider than they are: within the lane all the same.
                    left: `min(${left * 100}%, calc(100% - 5px))`,
                    width: `${(right - left) * 100}%`,
                    top: 5 + (lane.rowOf.get(bar.key) ?? 0) * ROW_PX,
                    background: severityColor(bar.severity),
                  }}
                >
                  <ViewLink
                    to="/alerts"
                    search={{ alert: bar.fingerprint }}
                    title={wordsOf(bar)}
                    label={wordsOf(bar)}
                  >
                    {''}
                  </ViewLink>
                </li>
              );
            })}
          </ul>
        ))}
        {drag && (
          <span
            className="timeline-drag"
            style={{
              left: `${Math.min(drag.from, drag.to) * 100}%`,
              width: `${Math.abs(drag.to - drag.from) * 100}%`,
            }}
          />
        )}
        <div className="timeline-axis" aria-hidden="true">
          {ticks.at
            .filter((ms) => Math.min(share(ms), 1 - share(ms)) * width > HALF_TICK_PX)
            .map((ms) => (
              <span key={ms} style={{ left: `${share(ms) * 100}%` }}>
                {formatTimeTick(ms, ticks.stepMs)}
              </span>
            ))}
        </div>
      </div>
    </div>
  );
}

const heightOf = (rows: number) => rows * ROW_PX + 10;

function wordsOf({ alertname, severity, labels, fromMs, toMs, summary }: Episode): string {
  const now = new Date();
  const from = formatTime(new Date(fromMs).toISOString(), now);
  const length = formatDuration((toMs ?? Date.now()) - fromMs);
  return visibleText(
    [
      `${alertname} ${labelText(labels)}`.trim() + (severity === null ? '' : `, ${severity}`),
      toMs === null ? `fires since ${from}, for ${length}` : `fired at ${from} for ${length}`,
      summary,
    ]
      .filter((text) => text !== '')
      .join('\n'),
  );
}
