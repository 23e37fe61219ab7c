// A run as its decisions, as the API tells it: read page by page, its texts cut where they are long.

import type { Api } from './client';
import type { Json, JsonObject, Schema, SpanStatus } from './types';

// Where a long text stands: its beginning, and how long it is.
export interface Cut {
  cut: true;
  bytes: number;
  text: string;
}

export interface StoryOutcome {
  span_id: string;
  status?: SpanStatus;
  tool_status?: string;
  duration_ms?: number;
  retry_count?: number;
  result?: Json;
  error?: Json;
}

export interface StoryChoice {
  tool: string;
  tool_call_id?: string;
  arguments?: Json;
  outcome: StoryOutcome | null; // null: nothing that ran is known.
  delegated_to: string | null;
}

type StepParts = 'new' | 'reasoning' | 'said' | 'chose';
export interface StoryStep extends Pick<Schema<'Step'>, Exclude<StepKey, StepParts>> {
  new: Json[];
  reasoning: Json[];
  said: Json; // A text, one that is cut, or null.
  chose: StoryChoice[];
}
type StepKey =
  | 'n'
  | 'span_id'
  | 'agent'
  | 'depth'
  | 'started_at'
  | 'offset_ms'
  | 'duration_ms'
  | 'status'
  | 'status_message'
  | 'model'
  | 'finish_reason'
  | 'input_tokens'
  | 'output_tokens'
  | 'cost_usd'
  | 'context_messages'
  | 'new_messages'
  | 'echoed_messages'
  | 'compacted'
  | 'outcome'
  | StepParts;

export interface StoryPage {
  steps: StoryStep[];
  total: number; // Of all pages.
  next: string | null;
}

export interface StoryOptions {
  cursor?: string | null;
  limit?: number;
  textBytes?: number;
}

const NO_PARTS = { new: [], reasoning: [], said: null, chose: [] };

export async function readStoryPage(
  api: Api,
  trace_id: string,
  { cursor = null, limit = 200, textBytes }: StoryOptions,
  signal?: AbortSignal,
): Promise<StoryPage> {
  const params = { trace_id, cursor, limit, text_bytes: textBytes ?? null };
  const page = await api.get('/api/v1/traces/{trace_id}/story', params, signal);
  return {
    steps: page.steps.map((step) => ({ ...NO_PARTS, ...step }) as unknown as StoryStep),
    total: page.steps_total ?? page.steps.length,
    next: page.next ?? null,
  };
}

export function isCut(value: Json | undefined): value is JsonObject & Cut {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    value['cut'] === true &&
    typeof value['text'] === 'string' &&
    typeof value['bytes'] === 'number'
  );
}

// The text, or the beginning that is known of it; '' of anything else.
export function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return isCut(value) ? value.text : '';
}

// Equal for calls of one tool with equal arguments, whatever the order of their members.
export function callKey(choice: Pick<StoryChoice, 'tool' | 'arguments'>): string {
  return `${choice.tool} ${canonical(choice.arguments ?? null)}`;
}

export function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
