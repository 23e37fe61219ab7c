// From changes of state to the times in which alerts fired.

import type { Schema } from 'api/types';
import { parseTime } from 'base/format';
import { severityRank, type Alert } from './words';

export type Change = Schema<'AlertChange'>;

export interface Episode {
  key: string;
  fingerprint: string;
  alertname: string;
  severity: string | null;
  ruleId: string | null;
  labels: Record<string, string>;
  summary: string;
  value: number | null;
  threshold: number | null;
  unit: string;
  fromMs: number;
  toMs: number | null; // Null: it still fires.
}

const FIRES: readonly Alert['state'][] = ['firing', 'keep_firing', 'no_data'];

// Newest first. `now` are the alerts as they are: what fires since before the changes' window is known
// from there alone.
export function episodesOf(changes: readonly Change[], now: readonly Alert[]): Episode[] {
  const found = new Map<string, Episode>();
  // Newest change first: the last word on an episode is what is kept, its end what a later change says.
  for (const change of changes) {
    if (change.fired_at === null) continue; // It never fired.
    const key = `${change.fingerprint} ${change.fired_at}`;
    if (found.has(key)) continue;
    const over = change.state === 'resolved' || change.state === 'pending';
    const end = change.resolved_at ?? change.at;
    found.set(key, {
      ...parts(change),
      key,
      summary: change.summary,
      fromMs: parseTime(change.fired_at),
      toMs: over ? parseTime(end) : null,
    });
  }
  const current = new Map<string, Alert>();
  for (const alert of now) {
    if (alert.fired_at === null || !FIRES.includes(alert.state)) continue;
    const key = `${alert.fingerprint} ${alert.fired_at}`;
    current.set(key, alert);
    if (found.has(key)) continue;
    found.set(key, {
      ...parts(alert),
      key,
      summary: alert.annotations['summary'] ?? '',
      fromMs: parseTime(alert.fired_at),
      toMs: null,
    });
  }
  return [...found.values()].sort((a, b) => b.fromMs - a.fromMs);
}

function parts(from: Change | Alert) {
  const { fingerprint, alertname, severity, labels, value, threshold, unit } = from;
  return { fingerprint, alertname, severity, labels, value, threshold, unit, ruleId: from.rule_id };
}

export interface Lane {
  name: string;
  severity: string | null; // The loudest of its episodes.
  bars: readonly Episode[];
  rows: number; // Episodes at the same time stand below each other.
  rowOf: ReadonlyMap<string, number>;
}

// One lane a rule, that of the loudest and newest first. Only what touches the window.
export function lanesOf(episodes: readonly Episode[], fromMs: number, toMs: number): Lane[] {
  const byName = new Map<string, Episode[]>();
  for (const episode of episodes) {
    if (episode.fromMs > toMs || (episode.toMs ?? toMs) < fromMs) continue;
    const list = byName.get(episode.alertname) ?? [];
    list.push(episode);
    byName.set(episode.alertname, list);
  }
  const lanes = [...byName].map(([name, bars]): Lane => {
    const { rows, rowOf } = rowsOf(bars);
    const severity = bars
      .map((bar) => bar.severity)
      .sort((a, b) => severityRank(a) - severityRank(b));
    return { name, severity: severity[0] ?? null, bars, rows, rowOf };
  });
  const newest = ({ bars }: Lane) => Math.max(...bars.map((bar) => bar.fromMs));
  return lanes.sort(
    (a, b) => severityRank(a.severity) - severityRank(b.severity) || newest(b) - newest(a),
  );
}

export const ROWS_MAX = 4;

// Episodes of one lane that overlap get rows of their own, at most ROWS_MAX: the rest shares the last.
function rowsOf(bars: readonly Episode[]): { rows: number; rowOf: Map<string, number> } {
  const ends: number[] = [];
  const rowOf = new Map<string, number>();
  for (const bar of [...bars].sort((a, b) => a.fromMs - b.fromMs)) {
    const free = ends.findIndex((end) => end <= bar.fromMs);
    const row = free >= 0 ? free : Math.min(ends.length, ROWS_MAX - 1);
    ends[row] = Math.max(ends[row] ?? -Infinity, bar.toMs ?? Infinity);
    rowOf.set(bar.key, row);
  }
  return { rows: Math.max(1, ends.length), rowOf };
}
