// What alerts say, in words and colours.

import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';
import { formatCost, formatCount, formatDuration, formatPercent, UNKNOWN } from 'base/format';

export type Alert = Schema<'Alert'>;
export type AlertState = Alert['state'];

// How often what fires is asked for again; the rest changes slower.
export const FRESH_MS = 5_000;
export const SLOW_MS = 15_000;

const SEVERITY_TONES: Record<string, Tone> = {
  page: 'bad',
  critical: 'bad',
  warning: 'warn',
  ticket: 'warn',
  info: 'accent',
};
export const severityTone = (severity: string | null): Tone =>
  SEVERITY_TONES[severity ?? ''] ?? 'neutral';
export const severityColor = (severity: string | null): string => {
  const tone = severityTone(severity);
  return tone === 'neutral' ? 'var(--ink-3)' : `var(--${tone})`;
};

const RANKS = ['page', 'critical', 'warning', 'ticket', 'info'];
export const severityRank = (severity: string | null): number => {
  const rank = RANKS.indexOf(severity ?? '');
  return rank < 0 ? RANKS.length : rank;
};

export const STATE_WORDS: Record<AlertState, string> = {
  pending: 'pending',
  firing: 'firing',
  keep_firing: 'clearing',
  no_data: 'no data',
  resolved: 'resolved',
};
export const STATE_HELP: Record<AlertState, string> = {
  pending: 'Over its threshold, not yet for as long as the rule wants',
  firing: 'Over its threshold',
  keep_firing: 'Below its threshold again; it goes on firing for a while, in case it comes back',
  no_data: 'Cannot be measured now: held as it was',
  resolved: 'Over',
};
export const STATE_TONES: Record<AlertState, Tone> = {
  pending: 'warn',
  firing: 'bad',
  keep_firing: 'warn',
  no_data: 'neutral',
  resolved: 'good',
};

// A value or a threshold with its unit, as the API names it: ms, s, usd, ratio, x or nothing.
export function valueWords(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  switch (unit) {
    case 'ms':
      return formatDuration(value);
    case 's':
      return formatDuration(value * 1000);
    case 'usd':
      return formatCost(value);
    case 'ratio':
      return formatPercent(value);
    case 'x':
      return `${+value.toPrecision(3)}×`;
    default:
      return (
        (Number.isInteger(value) ? formatCount(value) : String(+value.toPrecision(4))) +
        unitOf(unit)
      );
  }
}

const unitOf = (unit: string): string => (unit === '' ? '' : ` ${unit}`);

// "20× against 10×"; nothing where the alert came without figures.
export function againstWords(value: number | null, threshold: number | null, unit: string): string {
  if (value === null) return threshold === null ? '' : `threshold ${valueWords(threshold, unit)}`;
  if (threshold === null) return valueWords(value, unit);
  return `${valueWords(value, unit)} against ${valueWords(threshold, unit)}`;
}

// Labels that tell alerts of one rule apart; the rest stands in other columns.
const OWN = ['alertname', 'severity', 'project'];
export function tellingLabels(labels: Record<string, string>): [string, string][] {
  return Object.entries(labels).filter(([name]) => !OWN.includes(name));
}

export const labelText = (labels: Record<string, string>): string =>
  tellingLabels(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

// Seconds of settings: "30 s", "2 min", "6 h", "1 d".
export function lengthWords(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
  ];
  for (const [size, unit] of units) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  }
  if (seconds >= 3_600) return formatDuration(seconds * 1000);
  return seconds >= 60 ? `${+(seconds / 60).toPrecision(3)} min` : `${+seconds.toPrecision(3)} s`;
}
