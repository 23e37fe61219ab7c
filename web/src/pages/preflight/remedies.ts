// What to copy to mend a point: lines of pitot.yaml, or a command; and the page that shows more.

import type { Point } from './report';

const SETTINGS: Record<string, string> = {
  'ALR-01': 'alerts:\n  rules:\n    latency_p99: {enabled: true}',
  'ALR-02': 'alerts:\n  rules:\n    error_rate: {enabled: true}',
  'ALR-03': 'gateway:\n  budgets:\n    - {id: daily, scope: global, window: day, limit_usd: 50}',
  'ALR-05': 'alerts:\n  receivers:\n    - name: ops\n      slack: {url_env: SLACK_URL}',
  'ALR-06':
    'slos:\n  - {name: runs-succeed, filter: "kind = agent", good: "status != error", target: 99%}',
  'OPS-02':
    'gateway:\n  routes:\n    - {feature: checkout, degraded: "The assistant is away. Please try again."}',
  'OPS-04': 'alerts:\n  preflight:\n    owner: platform on-call\n    escalation: head of platform',
  'CST-01': 'gateway:\n  budgets:\n    - {id: per-call, scope: request, limit_usd: 1, hard: true}',
  'CST-02': 'gateway:\n  loops: {mode: enforce}',
  'CST-03':
    'gateway:\n  budgets:\n    - {id: per-key, scope: key, match: "*", window: day, limit_usd: 10, hard: true}',
  'CST-06':
    'alerts:\n  preflight:\n    quotas:\n      - {model: "gpt-5*", tokens_per_minute: 2000000, requests_per_minute: 5000}',
  'QLT-01':
    'alerts:\n  preflight:\n    datasets:\n      - {name: carts, feature: checkout, version: "3", file: /srv/evals/carts.jsonl}',
  'SEC-02': 'redaction:\n  personal: [email, phone]',
  'SEC-04': 'alerts:\n  preflight:\n    tools_allowed: ["search_*", get_order]',
  'SEC-05': 'auth: {mode: keys}',
};

// Results that a job or a drill tells, with the value that each has.
export const EVIDENCE: Record<string, { key: string; example: string; label: string }> = {
  'INS-08': {
    key: 'difference_percent',
    example: '1.4',
    label: "Ledger against the provider's bill, difference in %",
  },
  'QLT-02': { key: 'mde', example: '0.015', label: 'Smallest difference a baseline run can show' },
  'QLT-03': { key: 'verdict', example: 'ship', label: 'Verdict of the release gate' },
  'QLT-06': { key: 'seconds', example: '140', label: 'Seconds that the rollback drill took' },
};

export interface ToCopy {
  what: string;
  text: string;
}

export function toCopy({ id, status }: Pick<Point, 'id' | 'status'>): ToCopy[] {
  if (status === 'pass') return [];
  const list: ToCopy[] = [];
  const setting = SETTINGS[id];
  if (setting !== undefined) list.push({ what: 'In the configuration file', text: setting });
  const evidence = EVIDENCE[id];
  if (evidence) {
    list.push({
      what: 'At the end of the job',
      text: `pitot preflight evidence ${id} ${evidence.key}=${evidence.example}`,
    });
  }
  return list;
}

interface Place {
  to: string;
  label: string;
}

const PLACES: Record<string, Place> = {
  'ALR-03': { to: '/cost/budgets', label: 'Budgets' },
  'ALR-06': { to: '/alerts/slos', label: 'Objectives' },
  'OPS-01': { to: '/alerts/runbooks', label: 'Runbooks' },
  'CST-05': { to: '/cost', label: 'Cost' },
  'SEC-03': { to: '/settings', label: 'Settings' },
  'SEC-05': { to: '/settings', label: 'Settings' },
};
const AREA_PLACES: Record<string, Place> = {
  INS: { to: '/traces', label: 'Traces' },
  ALR: { to: '/alerts', label: 'Alerts' },
  CST: { to: '/cost/budgets', label: 'Budgets' },
  QLT: { to: '/quality', label: 'Quality' },
};

export const placeOf = (id: string): Place | undefined =>
  PLACES[id] ?? AREA_PLACES[id.split('-')[0]!];
