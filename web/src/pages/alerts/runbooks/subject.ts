// What a runbook blames or acts on, as a filter of traces and in words.

import type { Schema } from 'api/types';
import { formatCost } from 'base/format';
import { narrowed } from 'widgets/page/narrow';
import { lengthWords } from '../words';

export type Action = Schema<'Action'>;
export type Target = Action['target'];

// Keys and upstreams are the gateway's: no field of spans holds them.
const FIELDS: Record<string, string> = {
  model: 'model',
  feature: 'feature',
  user: 'user_id',
  trace_id: 'trace_id',
};

export function filterOfSubject(subject: Target): string | null {
  let q = '';
  for (const [name, value] of Object.entries(subject)) {
    const field = FIELDS[name];
    if (field !== undefined && value !== undefined) q = narrowed(q, field, value);
  }
  return q === '' ? null : q;
}

export function targetWords(target: Target): string {
  const words = Object.entries(target)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name.replace('_id', '')} ${value}`);
  return words.join(', ') || 'everything';
}

// What a kind of action does, so that whoever confirms it knows.
export const KIND_WORDS: Record<Action['kind'], string> = {
  advice: 'Nothing is done by Pitot: a person does it.',
  reroute:
    'Calls of new runs go to another model: 10 %, then 50 %, then 100 % of them, ten minutes apart. Runs that began elsewhere are left alone.',
  timeout: 'Calls get a shorter deadline, retries included.',
  cap: 'Single calls that may cost or write more are refused or held to less (402 call_cap).',
  throttle: 'So many calls a minute go through; beyond that they are refused (429 throttled).',
  block_trace:
    'Further model calls of the run are refused, with the reason for its agent (403 stopped).',
  disable_scope: 'All model calls of it are refused.',
  disable_key: 'All calls with the key are refused.',
  breaker: 'The breaker of the model is held open: calls fail at once, or go to fallbacks.',
};

export const STATE_WORDS: Record<Action['state'], string> = {
  offered: 'proposed',
  active: 'applied',
  reverted: 'reverted',
  expired: 'ended by itself',
  failed: 'failed',
};

export function settingWords({ settings }: Action): [string, string][] {
  const found: [string, string | undefined][] = [
    ['To', [settings.to_upstream, settings.to_model].filter(Boolean).join(' ') || undefined],
    ['Share of new runs', settings.share === undefined ? undefined : `${settings.share * 100} %`],
    ['Deadline', settings.timeout_s === undefined ? undefined : lengthWords(settings.timeout_s)],
    ['Most output tokens of a call', settings.output_tokens?.toString()],
    [
      'Most cost of a call',
      settings.request_usd === undefined ? undefined : formatCost(settings.request_usd),
    ],
    ['Calls a minute', settings.calls_per_minute?.toString()],
  ];
  return found.filter((pair): pair is [string, string] => pair[1] !== undefined);
}
