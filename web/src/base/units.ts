// Units of what charts and figures show, and how a value is written in each.

import { formatCost, formatCount, formatDuration, formatPercent, UNKNOWN } from './format';

export type Unit = 'count' | 'ms' | 'usd' | 'tokens' | 'share' | 'per_second' | 'ratio';

export function formatUnit(unit: Unit, value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return UNKNOWN;
  switch (unit) {
    case 'ms':
      return formatDuration(value);
    case 'usd':
      return formatCost(value);
    case 'share':
      return formatPercent(value);
    case 'per_second':
      return `${formatShort(value)}/s`;
    case 'ratio':
      return `${formatShort(value)}×`;
    case 'count':
    case 'tokens':
      return Number.isInteger(value) ? formatCount(value) : formatShort(value);
  }
}

function formatShort(value: number): string {
  return Math.abs(value) >= 100 ? formatCount(Math.round(value)) : String(+value.toPrecision(3));
}

// The same beside an axis: round values, as short as they can be.
export function formatTick(unit: Unit, value: number): string {
  switch (unit) {
    case 'ms':
      if (value === 0) return '0';
      if (value < 1) return `${+(value * 1000).toPrecision(3)} µs`;
      if (value < 1_000) return `${+value.toPrecision(3)} ms`;
      if (value < 120_000) return `${+(value / 1000).toPrecision(3)} s`;
      if (value < 7_200_000) return `${+(value / 60_000).toPrecision(3)} m`;
      return `${+(value / 3_600_000).toPrecision(3)} h`;
    case 'usd':
      return value >= 1_000 ? `$${scaled(value)}` : `$${+value.toPrecision(3)}`;
    case 'share':
      return `${+(value * 100).toPrecision(3)}%`;
    case 'per_second':
      return `${scaled(value)}/s`;
    case 'ratio':
      return `${scaled(value)}×`;
    case 'count':
    case 'tokens':
      return scaled(value);
  }
}

function scaled(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${+(value / 1e9).toPrecision(3)}B`;
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(4));
}

// "14:05", "Nov 20" at midnight, "14:05:30" where steps are finer than a minute.
export function formatTimeTick(ms: number, stepMs: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (midnight) return at.toLocaleDateString('en-US', { month: 'short', day: 'numeric' });
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return stepMs < 60_000 ? `${clock}:${two(at.getSeconds())}` : clock;
}
