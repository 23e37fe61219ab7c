// Where the provider's cache of the context was lost from one call of an agent to its next. Pure.

import type { StoryStep } from 'api/story';
import type { Span } from 'api/types';
import { formatDuration, formatInt } from 'base/format';
import { tokensOf } from '../cost/calls';

export interface ContextCall {
  n: number; // In order of start, from 1.
  span: Span;
  step: StoryStep | null;
  context: number; // Tokens the model was given.
  cached: number; // ... of which the cache served so many.
  written: number;
  grown: number | null; // Against the call before of the agent, in tokens.
  broke: string | null; // Why little was read of what was cached, in words.
}

// Smaller contexts are cached by nobody.
const CACHED_MIN = 1_024;
// Less than this share read of what was there is a break.
const KEPT_SHARE = 0.5;
// Entries live for so long unless they are used.
const EXPIRES_MS = 300_000;

export function contextCalls(
  spans: readonly Span[],
  steps: ReadonlyMap<string, StoryStep>,
): ContextCall[] {
  const calls = spans
    .filter(
      ({ kind, usage_role: role }) => kind === 'llm' && (role === undefined || role === 'leaf'),
    )
    .sort((a, b) => a.offset_ms - b.offset_ms);
  const last = new Map<string, ContextCall>();
  return calls.map((span, i) => {
    const { input, cacheRead, cacheWrite } = tokensOf(span);
    const step = steps.get(span.span_id) ?? null;
    const before = last.get(span.agent ?? '');
    const call: ContextCall = {
      n: i + 1,
      span,
      step,
      context: input + cacheRead + cacheWrite,
      cached: cacheRead,
      written: cacheWrite,
      grown: before ? input + cacheRead + cacheWrite - before.context : null,
      broke: null,
    };
    call.broke = before ? whyBroke(before, call) : null;
    last.set(span.agent ?? '', call);
    return call;
  });
}

function whyBroke(before: ContextCall, call: ContextCall): string | null {
  const held = before.cached + before.written;
  if (held < CACHED_MIN || call.cached >= KEPT_SHARE * held || call.context === 0) return null;
  const read = `read ${formatInt(call.cached)} of the ${formatInt(held)} tokens that call ${before.n} had in the cache`;
  const wait = call.span.offset_ms - (before.span.offset_ms + before.span.duration_ms);
  if (before.span.model !== call.span.model) return `${read}: another model has another cache`;
  if (call.step?.compacted) return `${read}: its history was replaced by a shorter one`;
  if (wait > EXPIRES_MS) return `${read}: ${formatDuration(wait)} passed, so it may have expired`;
  if (continues(before.step, call.step)) {
    return `${read}, though it continues that context: the entry was gone`;
  }
  return `${read}: the beginning of its context may have changed, or the entry was gone`;
}

// Whether the call was given all that the one before was given, and more.
function continues(before: StoryStep | null, step: StoryStep | null): boolean {
  const known = (step?.context_messages ?? 0) - (step?.new_messages ?? 0);
  const given = before?.context_messages ?? 0;
  return given > 0 && known >= given;
}
