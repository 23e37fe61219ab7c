// The calls that a run paid for, in the order in which they ended: that is when their cost is known.

import type { Span } from 'api/types';
import { provenanceOf, type Provenance } from '../model/provenance';
import type { SpanTree } from '../model/tree';

export const TOKEN_KINDS = [
  { id: 'input', label: 'Input', color: 'var(--cat-1)', context: true },
  { id: 'cacheRead', label: 'Cache read', color: 'var(--cat-3)', context: true },
  { id: 'cacheWrite', label: 'Cache write', color: 'var(--cat-6)', context: true },
  { id: 'output', label: 'Output', color: 'var(--cat-2)', context: false },
  { id: 'reasoning', label: 'Reasoning', color: 'var(--cat-4)', context: false },
] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number]['id'];
export type Tokens = Record<TokenKind, number>;

export interface Call {
  n: number; // From 1.
  span: Span;
  endMs: number; // From the start of the trace.
  cost: number | null;
  spent: number; // By all calls until this one.
  tokens: Tokens;
  context: number; // What the model was given.
  grown: number | null; // Against the call before of the same agent, in tokens.
  provenance: Provenance;
}

export function tokensOf(span: Span): Tokens {
  return {
    input:
      (span.input_tokens ?? 0) + (span.input_audio_tokens ?? 0) + (span.input_image_tokens ?? 0),
    cacheRead: span.cache_read_tokens ?? 0,
    cacheWrite: (span.cache_write_5m_tokens ?? 0) + (span.cache_write_1h_tokens ?? 0),
    output:
      (span.output_tokens ?? 0) + (span.output_audio_tokens ?? 0) + (span.output_image_tokens ?? 0),
    reasoning: span.reasoning_tokens ?? 0,
  };
}

export function callsOf(tree: SpanTree): Call[] {
  const paid = tree.spans
    .flatMap((span) => {
      const provenance = provenanceOf(span);
      if (provenance === null) return [];
      return [{ span, provenance, endMs: span.offset_ms + Math.max(0, span.duration_ms) }];
    })
    .sort((a, b) => a.endMs - b.endMs);
  const contexts = new Map<string, number>(); // The last one of each agent.
  let spent = 0;
  return paid.map(({ span, provenance, endMs }, i) => {
    const tokens = tokensOf(span);
    const context = tokens.input + tokens.cacheRead + tokens.cacheWrite;
    spent += span.cost_usd ?? 0;
    const agent = span.agent ?? '';
    const before = contexts.get(agent);
    contexts.set(agent, context);
    return {
      n: i + 1,
      span,
      endMs,
      cost: span.cost_usd,
      spent,
      tokens,
      context,
      grown: before === undefined ? null : context - before,
      provenance,
    };
  });
}

// So many calls as there is room for: of neighbours that share a place, the one with the most context.
export function thinned(calls: readonly Call[], places: number): { call: Call; of: number }[] {
  const each = Math.max(1, Math.ceil(calls.length / Math.max(1, places)));
  const kept: { call: Call; of: number }[] = [];
  for (let i = 0; i < calls.length; i += each) {
    const group = calls.slice(i, i + each);
    const call = group.reduce((most, one) => (one.context > most.context ? one : most));
    kept.push({ call, of: group.length });
  }
  return kept;
}

// A round number at or above `value`, for the end of an axis, and steps below it.
export function axisOf(value: number, steps = 4): number[] {
  if (!(value > 0)) return [0, 1];
  const rough = value / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s * steps >= value)!;
  const ticks = [0];
  while (ticks[ticks.length - 1]! < value * (1 - 1e-9)) ticks.push(ticks.length * step);
  return ticks;
}

// The call nearest to a moment.
export function nearestCall(calls: readonly Call[], atMs: number): Call | null {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (calls[middle]!.endMs < atMs) low = middle + 1;
    else high = middle;
  }
  const after = calls[low];
  const before = calls[low - 1];
  if (!after || !before) return after ?? before ?? null;
  return after.endMs - atMs < atMs - before.endMs ? after : before;
}
