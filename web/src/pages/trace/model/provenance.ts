// Where what a span cost comes from.

import type { Span } from 'api/types';
import { totalTokens } from './usage';

export type Provenance = 'reported' | 'computed' | 'estimated' | 'unpriced';

export const PROVENANCES: readonly Provenance[] = ['reported', 'computed', 'estimated', 'unpriced'];

// Null: the span has no cost of its own, or what it says is counted elsewhere.
export function provenanceOf(span: Span): Provenance | null {
  if (span.counted !== true) return null;
  if (span.cost_usd === null) return totalTokens(span) > 0 ? 'unpriced' : null;
  if (span.estimated) return 'estimated';
  return span.price_source === 'provider' ? 'reported' : 'computed';
}

// The mark beside a cost; computed ones, the usual, have none.
export const MARKS: Record<Provenance, string> = {
  reported: '•',
  computed: '',
  estimated: '≈',
  unpriced: '?',
};

const WORDS: Record<Provenance, string> = {
  reported: 'Reported by the provider',
  computed: 'Computed from the price book',
  estimated: 'Estimated: its tokens were counted here, not by the provider',
  unpriced: 'No price is known',
};

export const provenanceWords = (provenance: Provenance, span?: Span): string =>
  provenance === 'computed' && span?.price_source === 'override'
    ? 'Computed from a price of your own'
    : WORDS[provenance];
