// What the fields of a budget mean, for its form.

import type { Budget } from './state';
import type { Scope, Window } from './draft';

type Option<Value extends string> = { value: Value; label: string };

export const SCOPES: readonly Option<Scope>[] = [
  { value: 'global', label: 'everything' },
  { value: 'project', label: 'projects' },
  { value: 'key', label: 'keys' },
  { value: 'feature', label: 'features' },
  { value: 'workflow', label: 'workflows' },
  { value: 'user', label: 'users' },
  { value: 'model', label: 'models' },
  { value: 'session', label: 'sessions' },
  { value: 'trace', label: 'traces: runs of an agent' },
  { value: 'request', label: 'single requests' },
];

export const PERS: readonly Option<Budget['per']>[] = [
  { value: 'each', label: 'each has the limit for itself' },
  { value: 'all', label: 'all share one limit' },
];

export const WINDOWS: readonly Option<Window>[] = [
  { value: 'minute', label: 'a minute' },
  { value: 'hour', label: 'an hour' },
  { value: 'day', label: 'a day' },
  { value: 'week', label: 'a week, from Monday' },
  { value: 'month', label: 'a month' },
  { value: 'rolling', label: 'rolling: the last so many hours' },
];

export const MODES: readonly Option<Budget['mode']>[] = [
  { value: 'strict', label: 'strict: the most it can cost' },
  { value: 'expected', label: 'expected: what such calls have cost' },
];

export const EXCEEDS: readonly Option<Budget['on_exceed']>[] = [
  { value: 'refuse', label: 'refuse new calls' },
  { value: 'cut', label: 'refuse new calls and end streams in flight' },
];

export const UNKNOWN_PRICES: readonly Option<Budget['unknown_price']>[] = [
  { value: 'refuse', label: 'refuse their calls' },
  { value: 'allow', label: 'let them pass, uncounted' },
];

const NAMED = 'Calls that name none share one counter, shown as (none).';

export const HINTS = {
  id: 'Letters, digits, _ . and -. Callers that are refused are told it.',
  limit: 'For one window, or one lifetime.',
  scope: {
    global: 'One counter for every call through the gateway.',
    project: 'By the project of the key that calls.',
    key: 'By the key that calls: its own word cannot evade it.',
    feature: `By the header x-pitot-feature or what the key pins. ${NAMED}`,
    workflow: `By the header x-pitot-workflow or what the key pins. ${NAMED}`,
    user: `By the header x-pitot-user, or the user that the request names. ${NAMED}`,
    model: 'By the model that is asked for.',
    session: 'One conversation each. A call without a session is one of its own.',
    trace: 'One run of an agent each, over all its calls.',
    request: 'Each call alone: the most that one may cost.',
  } satisfies Record<Scope, string>,
  match: 'A pattern over their names, in any case: * is any run of characters.',
  per: 'A limit for each, or one for all that the pattern fits.',
  window: 'When it is over, the counters start again at zero.',
  length: 'From 1m to 366d, as in 36h. It leaves the window in sixty pieces.',
  timezone: 'Where days begin: UTC, or a name like Europe/Berlin.',
  hard: 'Without it the budget only tells: answers carry a warning, an alert fires.',
  mode: 'Strict never exceeds the limit. Expected lets more calls run at once, and may exceed it by what calls cost beyond their reservations.',
  on_exceed: 'Ending streams stops an answer in its middle.',
  unknown_price: 'Nobody knows what such a call may cost, so a hard budget refuses it by default.',
  project: 'Only calls of this project count. Empty: of all.',
} as const;
