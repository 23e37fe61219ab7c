// What the form of a new key asks, and what of it goes to the server.

import type { Schema } from 'api/types';

export type Key = Schema<'Key'>;
export type Scope = Key['scopes'][number];
type NewKey = Schema<'NewKey'>;
export type BudgetWindow = NonNullable<Schema<'KeyBudget'>['window']>;

export const SCOPES: readonly { scope: Scope; may: string }[] = [
  { scope: 'ingest', may: 'send telemetry' },
  { scope: 'read', may: 'see the pages and ask the API' },
  { scope: 'sql', may: 'run SQL' },
  { scope: 'gateway', may: 'call providers through the gateway' },
  { scope: 'admin', may: 'everything, in every project: keys, budgets, prices, deletion' },
];

export const EXPIRIES = [
  { value: '', label: 'Never' },
  { value: '1d', label: 'In a day' },
  { value: '30d', label: 'In 30 days' },
  { value: '90d', label: 'In 90 days' },
  { value: '365d', label: 'In a year' },
] as const;

export interface KeyDraft {
  name: string;
  project: string;
  scopes: readonly Scope[];
  expires: string;
  limitUsd: number | null;
  window: BudgetWindow;
  hard: boolean;
  pins: string; // Lines of name=value.
  models: string; // Globs, between commas or on lines.
}

export const NEW_KEY: KeyDraft = {
  name: '',
  project: '',
  scopes: ['ingest'],
  expires: '',
  limitUsd: null,
  window: 'day',
  hard: true,
  pins: '',
  models: '',
};

const ATTRIBUTION = ['feature', 'workflow', 'user', 'session', 'agent', 'prompt', 'prompt_version'];

// What is wrong with the lines of pins, or null.
export function wrongPins(text: string): string | null {
  for (const line of linesOf(text)) {
    const [name, value] = split(line);
    if (value === '') return `“${line}” is not name=value`;
    if (!ATTRIBUTION.includes(name)) {
      return `“${name}” is none of ${ATTRIBUTION.join(', ')}`;
    }
  }
  return null;
}

export function bodyOf(draft: KeyDraft): NewKey {
  const gateway = draft.scopes.includes('gateway') || draft.scopes.includes('admin');
  const pins = Object.fromEntries(linesOf(draft.pins).map(split));
  const models = draft.models.split(/[,\n]/).map((one) => one.trim());
  return {
    name: draft.name.trim(),
    project: draft.project.trim() || 'default',
    scopes: [...draft.scopes],
    ...(draft.expires !== '' && { expires_in: draft.expires }),
    ...(gateway && Object.keys(pins).length > 0 && { pins }),
    ...(gateway && models.some(Boolean) && { models: models.filter(Boolean) }),
    ...(gateway &&
      draft.limitUsd !== null && {
        budget: {
          limit_usd: draft.limitUsd,
          window: draft.window,
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC',
          hard: draft.hard,
        },
      }),
  };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function split(line: string): [string, string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

// How it stands with a key: expired ones say so.
export function stateOf(key: Key, nowMs: number): 'valid' | 'expired' {
  return key.expires_at !== null && Date.parse(key.expires_at) <= nowMs ? 'expired' : 'valid';
}
