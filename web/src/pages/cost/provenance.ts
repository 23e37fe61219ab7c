// Where the money figures come from: what providers said, what was computed by which prices.

import type { CostAnswer } from './rows';

export interface Source {
  id: string;
  name: string;
  title: string;
  filter: string;
  usd: number | null;
  calls: number;
  share: number | null; // Of the known cost.
  color: string;
}

type Total = CostAnswer['total'];

// Prices that were used, from the surest on; each call with a known price is in one of them.
export const SOURCES = [
  {
    id: 'provider',
    name: 'Reported by the provider',
    title: 'The sum that came with the answer',
    filter: 'price_source = provider',
    color: 'var(--cat-3)',
  },
  {
    id: 'override',
    name: 'Computed by your own prices',
    title: 'Tokens times prices that were set here',
    filter: 'price_source = override',
    color: 'var(--cat-1)',
  },
  {
    id: 'catalogue',
    name: 'Computed by list prices',
    title: 'Tokens times the prices that come with Pitot',
    filter: 'price_source = catalogue',
    color: 'var(--cat-7)',
  },
] as const;

// What makes a figure less sure, whatever its price.
export const DOUBTS = [
  {
    id: 'estimated',
    name: 'Estimated',
    title:
      'What was used is not known for sure: a call whose end never came, tokens that were guessed',
    filter: 'estimated = true',
  },
  {
    id: 'prefix',
    name: 'By the price of a similar model',
    title: 'The model has no price of its own; that of the nearest name was taken',
    filter: 'price_confidence = prefix',
  },
] as const;

export function shareOf(part: Total | undefined, whole: Total): number | null {
  if (part?.cost_usd == null || !whole.cost_usd) return null;
  return part.cost_usd / whole.cost_usd;
}

// What to put into the price file for a model that has no price. A name is quoted as JSON does, which
// YAML reads too; its wildcard is meant as one.
export function priceLines(model: string): string {
  return [
    'prices:',
    `  - model: ${JSON.stringify(model)}`,
    '    per_million_usd: {input: 1.00, output: 4.00}',
  ].join('\n');
}
