// What the run had spent, by time: a step where each call ended.

import { formatCost, formatCostExact, formatDuration } from 'base/format';
import { formatTick } from 'base/units';
import { visibleText } from 'base/text';
import { ticksOf } from '../timeline/scale';
import { axisOf, nearestCall, type Call } from './calls';
import { Plot, type Place } from './Plot';

const HEIGHT_PX = 190;
const TICK_PX = 90;

interface SpendChartProps {
  calls: readonly Call[];
  lengthMs: number;
  budget: { id: string; limit_usd: number } | undefined;
  selected: string | undefined;
  onPick: (spanId: string) => void;
}

export function SpendChart({ calls, lengthMs, budget, selected, onPick }: SpendChartProps) {
  const spent = calls[calls.length - 1]?.spent ?? 0;
  // A budget far above would press the line to the ground: it is told in words then.
  const withBudget = budget !== undefined && budget.limit_usd <= spent * 4;
  const ticks = axisOf(Math.max(spent, withBudget ? budget.limit_usd : 0));
  const top = ticks[ticks.length - 1]!;
  const x = (ms: number, { width }: Place) => (ms / lengthMs) * width;
  const y = (usd: number, { height }: Place) => height * (1 - usd / top);
  const active = calls.find(({ span }) => span.span_id === selected);
  return (
    <Plot<Call>
      label={`Spend over the run: ${formatCost(spent)} by ${calls.length} calls in ${formatDuration(lengthMs)}`}
      height={HEIGHT_PX}
      ticksX={(place) =>
        ticksOf({ from: 0, to: lengthMs }, Math.floor(place.width / TICK_PX)).map((ms) => ({
          at: x(ms, place),
          text: formatTick('ms', ms),
        }))
      }
      ticksY={(place) => ticks.map((usd) => ({ at: y(usd, place), text: formatTick('usd', usd) }))}
      itemAt={(at, place) => nearestCall(calls, (at / Math.max(1, place.width)) * lengthMs)}
      xOf={(call, place) => x(call.endMs, place)}
      onPick={({ span }) => onPick(span.span_id)}
      describe={(call) => (
        <>
          <strong>{visibleText(call.span.name)}</strong>
          <span>
            {formatCostExact(call.cost)} at {formatDuration(call.endMs)}
          </span>
          <span>{formatCost(call.spent)} until then</span>
        </>
      )}
    >
      {(place) => {
        const line = stepPath(calls, place, x, y, lengthMs);
        return (
          <>
            <path className="spend-area" d={`${line} V ${place.height} H 0 Z`} />
            <path className="spend-line" d={line} />
            {withBudget && (
              <g transform={`translate(0 ${y(budget.limit_usd, place)})`}>
                <line className="spend-limit" x2={place.width} />
                <text className="spend-limit-text" x={place.width} y={-4} textAnchor="end">
                  budget {visibleText(budget.id)}: {formatCost(budget.limit_usd)}
                </text>
              </g>
            )}
            {active && (
              <circle
                className="spend-dot"
                cx={x(active.endMs, place)}
                cy={y(active.spent, place)}
                r={4.5}
              />
            )}
          </>
        );
      }}
    </Plot>
  );
}

// One point a column of pixels is enough, whatever the number of calls.
function stepPath(
  calls: readonly Call[],
  place: Place,
  x: (ms: number, place: Place) => number,
  y: (usd: number, place: Place) => number,
  lengthMs: number,
): string {
  const parts = [`M 0 ${place.height}`];
  for (let i = 0; i < calls.length; ++i) {
    const at = Math.round(x(calls[i]!.endMs, place) * 2) / 2;
    const next = calls[i + 1];
    if (next && Math.round(x(next.endMs, place) * 2) / 2 === at) continue;
    parts.push(`H ${at} V ${y(calls[i]!.spent, place).toFixed(1)}`);
  }
  parts.push(`H ${x(lengthMs, place)}`);
  return parts.join(' ');
}
