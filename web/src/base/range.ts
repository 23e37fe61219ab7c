// Windows of time: those that the pages offer, and what an address says of one.

import { formatTime, parseTime } from './format';

export interface TimeRange {
  since: string;
  label: string;
}

export const TIME_RANGES: readonly TimeRange[] = [
  { since: '15m', label: 'Last 15 minutes' },
  { since: '1h', label: 'Last hour' },
  { since: '6h', label: 'Last 6 hours' },
  { since: '24h', label: 'Last 24 hours' },
  { since: '3d', label: 'Last 3 days' },
  { since: '7d', label: 'Last 7 days' },
  { since: '30d', label: 'Last 30 days' },
];

export const DEFAULT_SINCE = '24h';

const UNITS_MS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 };

// "24h" in milliseconds; null for anything else.
export function lengthMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text);
  return match ? Number(match[1]) * UNITS_MS[match[2]!]! : null;
}

// When a window begins and ends, in milliseconds since 1970. What is no time counts as not given.
export function boundsOf(
  since: string,
  until: string | undefined,
  nowMs: number,
): { fromMs: number; toMs: number } {
  const at = (text: string): number | null => {
    const length = lengthMs(text);
    if (length !== null) return nowMs - length;
    const time = parseTime(text);
    return Number.isNaN(time) ? null : time;
  };
  const toMs = (until === undefined ? null : at(until)) ?? nowMs;
  return { fromMs: at(since) ?? toMs - lengthMs(DEFAULT_SINCE)!, toMs };
}

// "Last hour", or "Nov 19 10:52:00 to 11:07:00".
export function rangeLabel(since: string, until: string | undefined, now: Date): string {
  if (until === undefined) {
    const known = TIME_RANGES.find((range) => range.since === since);
    if (known) return known.label;
    if (lengthMs(since) !== null) return `Last ${since}`;
    return `Since ${formatTime(since, now)}`;
  }
  const { fromMs, toMs } = boundsOf(since, until, now.getTime());
  const [from, to] = [new Date(fromMs), new Date(toMs)];
  // The end is told as seen from the beginning's day: its date only when it is another.
  const day = new Date(from.toDateString() === to.toDateString() ? to : now);
  return `${formatTime(from.toISOString(), now)} to ${formatTime(to.toISOString(), day)}`;
}

// The same within a sentence: "last hour".
export function rangeInText(since: string, until: string | undefined, now: Date): string {
  return rangeLabel(since, until, now).replace(/^(?:Last|Since)/, (word) => word.toLowerCase());
}
