// What spending can be told apart by: fields of the API that can be grouped by, and local days.

import type { Field } from 'api/types';

export const BY_MAX = 3;
export const DEFAULT_BY: readonly string[] = ['feature'];
// Not a field of spans: the day on which a call ended, by the reader's clock.
export const DAY = 'day';

export interface Preset {
  by: readonly string[];
  label: string;
}

export const PRESETS: readonly Preset[] = [
  { by: ['feature'], label: 'Feature' },
  { by: ['model'], label: 'Model' },
  { by: ['user_id'], label: 'User' },
  { by: ['session_id'], label: 'Session' },
  { by: ['prompt_name', 'prompt_version'], label: 'Prompt version' },
  { by: ['agent'], label: 'Agent' },
  { by: [DAY], label: 'Day' },
];

// Of spans that cost nothing themselves: all money would stand under "(none)".
const WITHOUT_MONEY = new Set(['tool_name', 'tool_status']);

const LABELS: Record<string, string> = {
  user_id: 'user',
  session_id: 'session',
  name: 'span name',
  prompt_name: 'prompt',
  error_category: 'kind of error',
};

export function dimensionLabel(field: string): string {
  return LABELS[field] ?? field.replaceAll('_', ' ');
}

export const columnLabel = (field: string): string => {
  const label = dimensionLabel(field);
  return label[0]!.toUpperCase() + label.slice(1);
};

export function dimensionsOf(fields: readonly Field[]): string[] {
  const names = fields.filter(({ groupable }) => groupable).map(({ name }) => name);
  return [...names.filter((name) => !WITHOUT_MONEY.has(name)), DAY];
}

// "prompt_name,prompt_version" of the address; what is none is left to the server to refuse.
export function byOf(text: string | undefined): readonly string[] {
  const names = (text ?? '').split(',').filter((name) => /^[a-z_]+$/.test(name));
  const once = names.filter((name, i) => names.indexOf(name) === i).slice(0, BY_MAX);
  return once.length > 0 ? once : DEFAULT_BY;
}

// `by` with another field at a place; undefined takes that one and those behind it away.
export function byWith(
  by: readonly string[],
  place: number,
  field: string | undefined,
): readonly string[] {
  if (field === undefined) return by.slice(0, place);
  const rest = by.filter((name, i) => i !== place && name !== field);
  return [...rest.slice(0, place), field, ...rest.slice(place)].slice(0, BY_MAX);
}

// What the chart over time is stacked by: time itself is its other axis already.
export const stackedBy = (by: readonly string[]): string | undefined =>
  by.find((name) => name !== DAY);
