// What the pages know of the API: names for parts of schema.ts, which comes from the API's own
// document, and what that document leaves open.

import type { components, paths } from './schema';

type Schemas = components['schemas'];

// Paths that answer a GET with JSON, and what they take and answer.
export type GetPath = {
  [P in keyof paths]: paths[P] extends {
    get: { responses: { 200: { content: { 'application/json': unknown } } } };
  }
    ? P
    : never;
}[keyof paths];
export type Answer<P extends GetPath> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': infer A } } } };
}
  ? A
  : never;
export type Query<P extends GetPath> = paths[P] extends { get: { parameters: { query?: infer Q } } }
  ? Q
  : never;
export type PathArgs<P extends GetPath> = paths[P] extends {
  get: { parameters: { path: infer A } };
}
  ? A
  : Record<never, never>;

export type Trace = Schemas['Trace'];
export type Span = Schemas['Span'];
export type SpanKind = Schemas['Kind'];
export type SpanStatus = Schemas['Status'];
export type TracePage = Answer<'/api/v1/traces'>;
export type TraceStructure = Answer<'/api/v1/traces/{trace_id}'>;
export type Session = Answer<'/api/v1/session'>;
export type FieldTable = Answer<'/api/v1/fields'>;
export type Field = FieldTable['fields'][number];
export type FieldValues = Answer<'/api/v1/fields/{name}/values'>;

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
] as const satisfies readonly (keyof Schemas['TokenBuckets'])[];
export type TokenBucket = (typeof TOKEN_BUCKETS)[number];

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

// What a span holds. Each of the first five is a list of messages {role, parts}, JSON values, texts,
// or {missing_payload}.
export interface SpanContents {
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

export type SpanDetails = Omit<Schemas['FullSpan'], keyof SpanContents> & SpanContents;

// Events of the live stream; the document knows it as text.
export interface LiveSpan {
  phase: 'start' | 'end';
  span: { trace_id: string; span_id: string; parent_span_id?: string; name?: string };
}

export interface LiveGap {
  lost: number;
  reason: string;
}
