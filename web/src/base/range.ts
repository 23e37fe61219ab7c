// Windows of time that the pages offer.

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
