// The traces behind an alert: a filter from its labels and its rule, and the time it is about.

import { parseTime } from 'base/format';
import { narrowed } from 'widgets/page/narrow';
import type { Alert } from './words';

// Labels, and the fields of spans they hold.
const FIELDS: Record<string, string> = {
  tool: 'tool_name',
  user: 'user_id',
  trace: 'trace_id',
  session: 'session_id',
  ...Object.fromEntries(
    [
      ...['kind', 'name', 'status', 'op', 'service', 'environment', 'release', 'feature'],
      ...[
        'workflow',
        'user_id',
        'session_id',
        'agent',
        'prompt_name',
        'prompt_version',
        'provider',
      ],
      ...['model', 'finish_reason', 'tool_name', 'tool_status', 'error_category', 'trace_id'],
    ].map((name) => [name, name]),
  ),
};

// What a rule of Pitot's own counts, besides its labels.
const RULES: Record<string, string> = {
  error_rate: 'status = error',
  provider_outage: 'kind = llm AND status = error',
  tool_args: 'tool_status = invalid_args',
  answers_cut: 'finish_reason = length',
  unpriced: 'kind = llm AND cost = null',
  latency_p99: 'kind = llm',
};

type About = Pick<Alert, 'rule_id' | 'labels'>;

// Null when its labels say nothing of spans: an alert about the server, a budget, another program.
export function filterBehind({ rule_id, labels }: About): string | null {
  let q = RULES[rule_id ?? ''] ?? '';
  for (const [label, value] of Object.entries(labels)) {
    const field = FIELDS[label];
    if (field !== undefined) q = narrowed(q, field, value);
  }
  return q === '' ? null : q;
}

// Before it was seen, what caused it was there already.
const LEAD_MS = 15 * 60_000;

export function windowBehind({
  active_at,
  fired_at,
  resolved_at,
}: Pick<Alert, 'active_at' | 'fired_at' | 'resolved_at'>): {
  since: string | undefined;
  until: string | undefined;
} {
  const from = active_at ?? fired_at;
  return {
    since: from === null ? undefined : new Date(parseTime(from) - LEAD_MS).toISOString(),
    until: resolved_at === null ? undefined : new Date(parseTime(resolved_at)).toISOString(),
  };
}
