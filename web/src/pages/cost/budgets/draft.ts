// A budget as the form holds it, as the API takes it, and as lines of pitot.yaml.

import type { Schema } from 'api/types';
import { lengthText, type Budget } from './state';

export type NewBudget = Schema<'NewBudget'>;
export type Scope = Budget['scope'];
export type Window = Budget['window'];

export interface Draft {
  id: string;
  limit: number | null;
  scope: Scope;
  match: string;
  per: Budget['per'];
  window: Window;
  length: string;
  timezone: string;
  hard: boolean;
  mode: Budget['mode'];
  on_exceed: Budget['on_exceed'];
  unknown_price: Budget['unknown_price'];
  project: string;
}

export const EMPTY: Draft = {
  id: '',
  limit: null,
  scope: 'global',
  match: '*',
  per: 'all',
  window: 'day',
  length: '24h',
  timezone: 'UTC',
  hard: false,
  mode: 'strict',
  on_exceed: 'refuse',
  unknown_price: 'refuse',
  project: '',
};

// Made with one more click each.
export const FIRST: readonly { title: string; text: string; draft: Draft }[] = [
  {
    title: 'All spending of a day',
    text: 'Tells when a day costs more than $50. No call is refused.',
    draft: { ...EMPTY, id: 'daily', limit: 50 },
  },
  {
    title: 'Each user, a day',
    text: 'Refuses calls of a user who has spent $2 today; others go on.',
    draft: { ...EMPTY, id: 'per-user', limit: 2, scope: 'user', per: 'each', hard: true },
  },
  {
    title: 'Each run',
    text: 'Ends a trace that has cost $1, streams in flight too: for agents that run away.',
    draft: {
      ...EMPTY,
      id: 'run',
      limit: 1,
      scope: 'trace',
      per: 'each',
      hard: true,
      on_exceed: 'cut',
    },
  },
];

export function draftOf(budget: Budget): Draft {
  return {
    id: budget.id,
    limit: budget.limit_usd,
    scope: budget.scope,
    match: budget.match,
    per: budget.per,
    window: budget.window === 'lifetime' ? 'day' : budget.window,
    length: budget.length === undefined ? '24h' : lengthText(budget.length),
    timezone: budget.timezone,
    hard: budget.hard,
    mode: budget.mode,
    on_exceed: budget.on_exceed,
    unknown_price: budget.unknown_price,
    project: budget.project ?? '',
  };
}

// These have their lifetime for a window, and a counter each.
export const hasLifetime = (scope: Scope): boolean =>
  scope === 'session' || scope === 'trace' || scope === 'request';

// Whether days begin somewhere for it.
export const hasDays = ({ scope, window }: Draft): boolean =>
  !hasLifetime(scope) && (window === 'day' || window === 'week' || window === 'month');

const EACH: readonly Scope[] = ['user', 'key', 'session', 'trace', 'request'];

// What goes with another scope, as the server would choose it.
export function withScope(draft: Draft, scope: Scope): Draft {
  return { ...draft, scope, per: EACH.includes(scope) ? 'each' : 'all' };
}

// Only what has a meaning for it: the server refuses the rest.
export function bodyOf(draft: Draft): NewBudget {
  const { scope, hard } = draft;
  const lifetime = hasLifetime(scope);
  const wide = scope === 'global';
  return {
    id: draft.id.trim(),
    scope,
    match: wide ? '*' : draft.match,
    ...(!wide && { per: lifetime ? 'each' : draft.per }),
    ...(!lifetime && { window: draft.window }),
    ...(!lifetime && draft.window === 'rolling' && { length: draft.length.trim() }),
    timezone: (hasDays(draft) && draft.timezone.trim()) || 'UTC',
    limit_usd: draft.limit ?? '',
    hard,
    mode: hard ? draft.mode : 'strict',
    on_exceed: hard ? draft.on_exceed : 'refuse',
    unknown_price: hard ? draft.unknown_price : 'refuse',
    ...(draft.project.trim() !== '' && { project: draft.project.trim() }),
  };
}

const DEFAULTS: Partial<Record<keyof NewBudget, unknown>> = {
  match: '*',
  hard: false,
  mode: 'strict',
  on_exceed: 'refuse',
  unknown_price: 'refuse',
  timezone: 'UTC',
};

// The same for pitot.yaml, what is as by default left out.
export function yamlOf(draft: Draft): string {
  const body = bodyOf(draft);
  const members = Object.entries(body)
    .filter(([name, value]) => value !== '' && DEFAULTS[name as keyof NewBudget] !== value)
    .filter(([name]) => name !== 'per' || draft.per !== withScope(draft, draft.scope).per)
    .map(([name, value]) => `${name}: ${scalar(value)}`);
  return `gateway:\n  budgets:\n    - {${members.join(', ')}}`;
}

function scalar(value: unknown): string {
  const plain = typeof value !== 'string' || /^[A-Za-z][\w./-]*$/.test(value);
  return plain ? String(value) : JSON.stringify(value);
}

// Whether counters begin anew with the change.
export function startsAnew(before: Budget, draft: Draft): boolean {
  const next = bodyOf(draft);
  return (
    next.scope !== before.scope ||
    (next.per ?? 'all') !== before.per ||
    (next.window ?? 'lifetime') !== before.window ||
    lengthText(next.length ?? '') !== lengthText(before.length ?? '') ||
    (hasDays(draft) && next.timezone !== before.timezone)
  );
}

export type FormField = keyof NewBudget;
const FIELDS: readonly FormField[] = [
  'id',
  'scope',
  'match',
  'per',
  'window',
  'length',
  'timezone',
  'limit_usd',
  'mode',
  'on_exceed',
  'unknown_price',
  'project',
];

// Which field an error of the API is about: "budget daily: length 5s is not ..." is about length.
export function fieldOf(message: string): FormField | null {
  if (/^budget id /.test(message)) return 'id';
  const first = message.replace(/^budget [^:]*: /, '').split(/[\s:]/, 1)[0];
  return FIELDS.find((field) => field === first) ?? null;
}
