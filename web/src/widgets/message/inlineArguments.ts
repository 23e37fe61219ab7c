// `query: "Nordwind Logistics", limit: 5`; null when they are long, or cut.

import type { Json } from 'api/types';
import { asJson, isObject } from './content';

const INLINE_CHARS = 140;

export function inlineArguments(value: Json | undefined): string | null {
  const read = asJson(value ?? null);
  if (!isObject(read) || 'cut' in read) return null;
  const members = Object.entries(read);
  if (members.length === 0) return '(no arguments)';
  const text = members.map(([name, inner]) => `${name}: ${JSON.stringify(inner)}`).join(', ');
  return text.length <= INLINE_CHARS && !text.includes('\\n') ? text : null;
}
