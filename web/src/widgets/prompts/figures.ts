// What is known of one version of a prompt in a window of time.

import type { Answer } from 'api/types';
import { sumOf, type SeriesAnswer } from 'widgets/chart/fromSeries';

export interface VersionFigures {
  prompt: string;
  version: string; // Empty: calls without one.
  firstAt: string;
  lastAt: string;
  runs: number; // Traces with such a call.
  calls: number; // Model calls.
  callErrors: number;
  lengthStops: number;
  invalidArgs: number; // Tool calls.
  toolCalls: number | null; // null: not known, like the rest that may be.
  toolErrors: number | null;
  costUsd: number | null;
  unpricedCalls: number;
  tokens: number;
  p50Ms: number | null; // Of model calls.
  p99Ms: number | null;
  failedRuns: number | null; // Traces whose root failed.
  refusals: number | null; // Model calls that ended in a refusal or a filter.
}

export type PromptsAnswer = Answer<'/api/v1/prompts'>;

// `tools`: kind=tool by prompt_name,prompt_version. Versions that it does not name had no tool call,
// unless it puts some together as others.
export function figuresOf(
  prompts: PromptsAnswer['prompts'],
  tools: SeriesAnswer | undefined,
): VersionFigures[] {
  const known = new Map(
    (tools?.groups ?? [])
      .filter(({ other }) => !other)
      .map(({ key, values }) => [keyOf(key['prompt_name'], key['prompt_version']), values]),
  );
  const whole = tools !== undefined && !tools.groups.some(({ other }) => other);
  return prompts.map((p) => {
    const values = known.get(keyOf(p.prompt_name, p.prompt_version));
    const count = (of: readonly (number | null)[] | undefined) =>
      values ? sumOf(of) : whole ? 0 : null;
    return {
      prompt: p.prompt_name,
      version: p.prompt_version,
      firstAt: p.first_at,
      lastAt: p.last_at,
      runs: p.traces,
      calls: p.calls,
      callErrors: p.errors,
      lengthStops: p.length_stops,
      invalidArgs: p.invalid_args,
      toolCalls: count(values?.calls),
      toolErrors: count(values?.errors),
      costUsd: p.cost_usd,
      unpricedCalls: p.unpriced_calls,
      tokens: p.input_tokens + p.output_tokens,
      p50Ms: p.p50_ms,
      p99Ms: p.p99_ms,
      failedRuns: null,
      refusals: null,
    };
  });
}

function keyOf(name: unknown, version: unknown): string {
  return JSON.stringify([name ?? '', version ?? '']);
}

export const versionName = (version: string): string => version || '(none)';

// Numbered versions by their numbers; others by when they were first seen, which the window may cut.
export function newestFirst(a: VersionFigures, b: VersionFigures): number {
  const [x, y] = [a, b].map(({ version }) => /^(\D*)\d+$/.exec(version)?.[1]);
  if (x !== undefined && x === y) {
    return b.version.localeCompare(a.version, 'en', { numeric: true });
  }
  return a.firstAt < b.firstAt ? 1 : -1;
}
