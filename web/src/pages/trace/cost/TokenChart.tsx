// The tokens of each call by kind: what the model was given at the bottom, what it made on top.

import { useMemo } from 'react';
import { formatCount, formatInt } from 'base/format';
import { formatTick } from 'base/units';
import { visibleText } from 'base/text';
import { axisOf, thinned, TOKEN_KINDS, type Call } from './calls';
import { Plot, type Place } from './Plot';

const HEIGHT_PX = 190;
const BARS_MAX = 240;
const BAR_MAX_PX = 36;
const TICK_PX = 60;

type Bar = { call: Call; of: number; index: number };

interface TokenChartProps {
  calls: readonly Call[];
  selected: string | undefined;
  onPick: (spanId: string) => void;
}

export function TokenChart({ calls, selected, onPick }: TokenChartProps) {
  const bars = useMemo<Bar[]>(
    () => thinned(calls, BARS_MAX).map((bar, index) => ({ ...bar, index })),
    [calls],
  );
  const most = bars.reduce((max, { call }) => Math.max(max, totalOf(call)), 0);
  const ticks = axisOf(most);
  const top = ticks[ticks.length - 1]!;
  const slot = ({ width }: Place) => Math.min(width / bars.length, BAR_MAX_PX + 8);
  return (
    <Plot<Bar>
      label={`Tokens of each call by kind: ${calls.length} calls, the largest has ${formatCount(most)}`}
      height={HEIGHT_PX}
      ticksX={(place) => {
        const every = Math.max(1, Math.ceil(TICK_PX / slot(place)));
        return bars
          .filter(({ index }) => index % every === 0)
          .map(({ call, index }) => ({ at: index * slot(place), text: `#${formatInt(call.n)}` }));
      }}
      ticksY={(place) =>
        ticks.map((tokens) => ({
          at: place.height * (1 - tokens / top),
          text: formatTick('tokens', tokens),
        }))
      }
      itemAt={(at, place) => bars[Math.floor(at / slot(place))] ?? null}
      xOf={({ index }, place) => (index + 0.5) * slot(place)}
      onPick={({ call }) => onPick(call.span.span_id)}
      describe={({ call, of }) => (
        <>
          <strong>
            #{formatInt(call.n)} {visibleText(call.span.name)}
          </strong>
          {TOKEN_KINDS.filter(({ id }) => call.tokens[id] > 0).map(({ id, label, color }) => (
            <span key={id}>
              <i className="spend-key" style={{ background: color }} /> {label}{' '}
              {formatInt(call.tokens[id])}
            </span>
          ))}
          {of > 1 && <span className="dim">The largest of {formatInt(of)} calls side by side</span>}
        </>
      )}
    >
      {(place) => {
        const step = slot(place);
        const width = Math.max(1, step > 4 ? step - Math.min(8, step / 4) : step);
        return bars.map(({ call, index }) => {
          let below = 0;
          return (
            <g
              key={call.span.span_id}
              className={call.span.span_id === selected ? 'spend-bar-on' : undefined}
              transform={`translate(${index * step} 0)`}
            >
              {TOKEN_KINDS.map(({ id, color }) => {
                const tokens = call.tokens[id];
                if (tokens === 0) return null;
                const height = (tokens / top) * place.height;
                below += height;
                return (
                  <rect
                    key={id}
                    y={place.height - below}
                    width={width}
                    height={height}
                    style={{ fill: color }}
                  />
                );
              })}
              {call.span.span_id === selected && (
                <rect className="spend-frame" y={0} width={width} height={place.height} />
              )}
            </g>
          );
        });
      }}
    </Plot>
  );
}

function totalOf({ tokens }: Call): number {
  return TOKEN_KINDS.reduce((sum, { id }) => sum + tokens[id], 0);
}
