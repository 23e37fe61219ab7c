import { quoteValue } from 'widgets/filter/complete';

// The filter `q` and, besides, `field = value`. An OR in it is put into parentheses first.
export function narrowed(q: string, field: string, value: string): string {
  const term = value === '' ? `${field} = ""` : `${field} = ${quoteValue(value)}`;
  if (q === '') return term;
  return `${/\bor\b/i.test(q) ? `(${q})` : q} AND ${term}`;
}
