// Filters that this page adds to the reader's own.

export const UNPRICED = 'counted = true AND cost = null';
export const COUNTED = 'counted = true';

// Both hold: the reader's filter, which may have an OR, and `term`.
export const andTerm = (q: string, term: string): string =>
  q === '' ? term : `(${q}) AND ${term}`;
