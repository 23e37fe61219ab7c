// Prices as the server lists them, and the lines that price a model.

import type { Answer } from 'api/types';

export type Prices = Answer<'/api/v1/prices'>;
export type PriceRow = Prices['models'][number];
export type Unpriced = Prices['unpriced'][number];

export const BUCKETS = [
  { id: 'input', label: 'Input' },
  { id: 'cache_read', label: 'Cache read' },
  { id: 'cache_write_5m', label: 'Write 5 min' },
  { id: 'cache_write_1h', label: 'Write 1 h' },
  { id: 'output', label: 'Output' },
  { id: 'reasoning', label: 'Reasoning' },
  { id: 'input_audio', label: 'Audio in' },
  { id: 'input_image', label: 'Images in' },
  { id: 'output_audio', label: 'Audio out' },
  { id: 'output_image', label: 'Images out' },
] as const;

export const figureOf = (row: PriceRow, name: string): number | null => {
  const value = (row as { [name: string]: unknown })[name];
  return typeof value === 'number' ? value : null;
};

export const perMillion = (row: PriceRow, bucket: string): number | null =>
  figureOf(row, `${bucket}_per_million_usd`);

export const rowKey = (row: PriceRow): string =>
  [row.source, row.provider, row.model, row.rule, figureOf(row, 'above_input_tokens')].join('|');

// What tells the prices of one model apart: "from 2026-03-13", "above 200000" tokens of input.
export function variantOf({ provider, model, rule = '' }: PriceRow): string {
  const name = `${provider}/${model}`;
  return rule.startsWith(`${name} `) ? rule.slice(name.length + 1) : '';
}

// Entries of a price file, one a model, at prices to be filled in.
export function priceLines(models: readonly Pick<Unpriced, 'provider' | 'model'>[]): string {
  const entries = models.map(({ provider, model }) =>
    [
      `  - model: ${quoted(model)}`,
      ...(provider === '' ? [] : [`    provider: ${quoted(provider)}`]),
      '    per_million_usd:',
      '      input: 0.00      # dollars a million tokens',
      '      output: 0.00',
      '      cache_read: 0.00 # left out: as input',
    ].join('\n'),
  );
  return `prices:\n${entries.join('\n')}`;
}

// JSON is YAML, and nothing that a sender calls a model can end the line.
const quoted = (text: string): string =>
  /^[A-Za-z][\w.-]*$/.test(text) ? text : JSON.stringify(text);

// What pricing anew did, or would do.
export interface Repriced {
  spans: number;
  changed: number;
  cost_before_usd: number | null;
  cost_after_usd: number | null;
  models: {
    provider: string;
    model: string;
    spans: number;
    changed: number;
    before_usd: number | null;
    after_usd: number | null;
  }[];
  price_version: string;
  dry_run: boolean;
}
