// What was received but not as sent, by how bad it is.

import type { Answer } from 'api/types';
import type { Tone } from 'base/colors';

export type Receipts = Answer<'/api/v1/receipts'>;
export type Source = Receipts['sources'][number];
export type Loss = Receipts['totals'][number];

export const SEVERITIES: Record<Loss['severity'], { word: string; tone: Tone; rank: number }> = {
  data_loss: { word: 'data lost', tone: 'bad', rank: 0 },
  warning: { word: 'warning', tone: 'warn', rank: 1 },
  info: { word: 'for your information', tone: 'neutral', rank: 2 },
};

export function byWeight(losses: readonly Loss[]): Loss[] {
  return losses
    .filter(({ count }) => count > 0)
    .sort((a, b) => SEVERITIES[a.severity].rank - SEVERITIES[b.severity].rank || b.count - a.count);
}

export type Health = 'well' | 'noted' | 'warned' | 'lost';

// The worst there is.
export function healthOf(receipts: Receipts): Health {
  const [worst] = byWeight(receipts.totals);
  if (errorsOf(receipts).length > 0 || worst?.severity === 'data_loss') return 'lost';
  if (worst === undefined) return 'well';
  return worst.severity === 'warning' ? 'warned' : 'noted';
}

// What the store says of itself that is wrong.
export function errorsOf({ store }: Receipts): string[] {
  const { error, flush_error } = store as { error?: unknown; flush_error?: unknown };
  return [error, flush_error].filter(
    (text): text is string => typeof text === 'string' && text !== '',
  );
}

// Figures of the spool and the store by the names the server gives them.
export function figureOf(of: object, name: string): number | null {
  const value = (of as { [name: string]: unknown })[name];
  return typeof value === 'number' ? value : null;
}

export function textOf(of: object, name: string): string | null {
  const value = (of as { [name: string]: unknown })[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

export const dropsOf = (source: Source): number =>
  source.drops.reduce((sum, { severity, count }) => (severity === 'info' ? sum : sum + count), 0);

export const sourceKey = ({ project, source, signal, sender }: Source): string =>
  [project, source, signal, sender].join('|');
