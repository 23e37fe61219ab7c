// Prompt versions held against each other by their figures: what differs more than chance explains.

import type { Answer } from 'api/types';
import { formatCost, formatDuration, formatPercent } from 'base/format';

export type PromptFigures = Answer<'/api/v1/prompts'>['prompts'][number];

export interface Finding {
  words: string;
  worse: boolean;
}

export interface PromptChange {
  prompt: string;
  from: string;
  to: string;
  at: string; // First seen.
  findings: readonly Finding[];
  few: boolean; // Too few calls for any finding.
}

// Fewer calls say nothing of a share.
const CALLS_MIN = 20;
// Two sides of 1 %: several measures are looked at at once.
const Z = 2.58;
// Means and medians without their spread: only what is large is told.
const RATIO = 1.3;

// The newest version of each prompt against the one before, what got worse first.
export function compareVersions(prompts: readonly PromptFigures[]): PromptChange[] {
  const byName = new Map<string, PromptFigures[]>();
  for (const prompt of prompts) {
    const list = byName.get(prompt.prompt_name) ?? [];
    list.push(prompt);
    byName.set(prompt.prompt_name, list);
  }
  const changes: PromptChange[] = [];
  for (const [prompt, versions] of byName) {
    const [to, from] = versions.sort(newestFirst);
    if (!to || !from) continue;
    changes.push({
      prompt,
      from: from.prompt_version || '(none)',
      to: to.prompt_version || '(none)',
      at: to.first_at,
      findings: findingsOf(from, to),
      few: Math.min(from.calls, to.calls) < CALLS_MIN,
    });
  }
  const badness = ({ findings }: PromptChange) =>
    findings.reduce((sum, { worse }) => sum + (worse ? 10 : 1), 0);
  return changes.sort((a, b) => badness(b) - badness(a) || (a.at < b.at ? 1 : -1));
}

// Numbered versions by their numbers; others by when they were first seen, which the window may cut.
function newestFirst(a: PromptFigures, b: PromptFigures): number {
  const [x, y] = [a, b].map(({ prompt_version }) => /^(\D*)\d+$/.exec(prompt_version)?.[1]);
  if (x !== undefined && x === y) {
    return b.prompt_version.localeCompare(a.prompt_version, 'en', { numeric: true });
  }
  return a.first_at < b.first_at ? 1 : -1;
}

function findingsOf(from: PromptFigures, to: PromptFigures): Finding[] {
  if (Math.min(from.calls, to.calls) < CALLS_MIN) return [];
  const shares: [string, (p: PromptFigures) => number][] = [
    ['errors', ({ errors }) => errors],
    ['cut off', ({ length_stops }) => length_stops],
    ['invalid arguments', ({ invalid_args }) => invalid_args],
  ];
  const findings: Finding[] = [];
  for (const [name, count] of shares) {
    const [a, b] = [count(from) / from.calls, count(to) / to.calls];
    if (Math.abs(zOfShares(count(from), from.calls, count(to), to.calls)) < Z) continue;
    findings.push({ words: `${name} ${formatPercent(a)} → ${formatPercent(b)}`, worse: b > a });
  }
  const means: [string, (p: PromptFigures) => number | null, (value: number) => string][] = [
    ['cost a call', ({ cost_usd, calls }) => cost_usd && cost_usd / calls, formatCost],
    ['p50', ({ p50_ms }) => p50_ms, formatDuration],
  ];
  for (const [name, of, format] of means) {
    const [a, b] = [of(from), of(to)];
    if (!a || !b || (b / a < RATIO && a / b < RATIO)) continue;
    findings.push({ words: `${name} ${format(a)} → ${format(b)}`, worse: b > a });
  }
  return findings.sort((a, b) => Number(b.worse) - Number(a.worse));
}

// How far two shares are apart, in standard errors of their difference.
export function zOfShares(countA: number, ofA: number, countB: number, ofB: number): number {
  const pooled = (countA + countB) / (ofA + ofB);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / ofA + 1 / ofB));
  return error === 0 ? 0 : (countB / ofB - countA / ofA) / error;
}
