import { quoteValue } from 'widgets/filter/complete';

// The filter `q` and, besides, `field = value`.
export function narrowed(q: string, field: string, value: string): string {
  return both(q, value === '' ? `${field} = ""` : `${field} = ${quoteValue(value)}`);
}

// The filter `q` and, besides, `term`. An OR in it is put into parentheses first.
export function both(q: string, term: string): string {
  if (q === '') return term;
  return `${/\bor\b/i.test(q) ? `(${q})` : q} AND ${term}`;
}
