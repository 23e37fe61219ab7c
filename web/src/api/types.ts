// What the HTTP API answers, as far as the pages use it. Fields that may be missing are optional:
// spans leave empty ones out.

export type SpanKind =
  | 'agent'
  | 'llm'
  | 'tool'
  | 'retriever'
  | 'embedding'
  | 'reranker'
  | 'guardrail'
  | 'evaluator'
  | 'chain'
  | 'span';

export type SpanStatus = 'ok' | 'error' | 'unset' | 'running' | 'unfinished';

export interface Trace {
  trace_id: string;
  root_name: string;
  started_at: string;
  duration_ms: number;
  status: SpanStatus;
  status_message: string;
  spans: number;
  errors: number;
  orphans: number; // Spans whose parent has not arrived.
  llm_calls: number;
  tool_calls: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
  unpriced_calls: number;
  service: string;
  environment: string;
  feature: string;
  workflow: string;
  user_id: string;
  session_id: string;
  agent: string;
  models: string[];
}

export interface TracePage {
  traces: Trace[];
  next: string | null;
}

export const TOKEN_BUCKETS = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'input_audio',
  'input_image',
  'output',
  'reasoning',
  'output_audio',
  'output_image',
] as const;
export type TokenBucket = (typeof TOKEN_BUCKETS)[number];

export type Tokens = { [bucket in TokenBucket as `${bucket}_tokens`]?: number };

export interface Span extends Tokens {
  span_id: string;
  parent_span_id?: string;
  name: string;
  kind: SpanKind;
  op?: string;
  started_at: string;
  offset_ms: number; // From the start of the trace.
  duration_ms: number;
  status: SpanStatus;
  status_message?: string;
  is_root?: boolean;
  is_orphan?: boolean;
  service?: string;
  environment?: string;
  release?: string;
  feature?: string;
  workflow?: string;
  user_id?: string;
  session_id?: string;
  agent?: string;
  prompt_name?: string;
  prompt_version?: string;
  provider?: string;
  model?: string;
  model_requested?: string;
  finish_reason?: string;
  streaming?: boolean;
  ttft_ms?: number;
  usage_role?: string;
  counted?: boolean;
  counted_reason?: string;
  counted_by?: string;
  estimated?: boolean;
  cost_usd: number | null;
  tool_name?: string;
  tool_call_id?: string;
  tool_status?: string;
  retry_count?: number;
  mcp_server?: string;
  error_type?: string;
  error_category?: string;
}

export interface TraceStructure {
  trace: Trace;
  spans: Span[];
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface SpanEvent {
  name?: string;
  time?: string;
  attributes?: JsonObject;
}

export interface SpanLink {
  trace_id?: string;
  span_id?: string;
  attributes?: JsonObject;
}

export interface SpanDetails extends Span {
  trace_id: string;
  received_at: string;
  response_id: string;
  finish_raw: string;
  service_tier: string;
  temperature: number | null;
  max_tokens: number | null;
  usage_convention: string;
  web_searches: number;
  file_searches: number;
  cost_by_bucket_usd: (number | null)[]; // In the order of TOKEN_BUCKETS.
  cost_reported_usd: number | null;
  price_source: string;
  price_confidence: string;
  price_version: string;
  price_rule: string;
  price?: {
    source: string;
    version: string;
    rule: string;
    confidence: string;
    previous: { cost_usd: number | null; at: string } | null;
  };
  scope: string;
  scope_version: string;
  emitter: string;
  source: string;
  // Each a message {role, parts}, a JSON value, a text, or {missing_payload}.
  input: Json[];
  output: Json[];
  system: Json[];
  tool_definitions: Json[];
  reasoning: Json[];
  tags: { [tag: string]: string };
  attributes: JsonObject;
  events: SpanEvent[];
  links: SpanLink[];
}

export interface Field {
  name: string;
  type: string;
  groupable: boolean;
  values?: string[];
  example?: string;
  description: string;
}

export interface FieldTable {
  fields: Field[];
  operators: string[];
  units: string[];
}

export interface FieldValues {
  values: { value: string; count: number }[];
}

export interface LiveSpan {
  phase: 'start' | 'end';
  span: { trace_id: string; span_id: string; parent_span_id?: string; name?: string };
}

export interface LiveGap {
  lost: number;
  reason: string;
}
