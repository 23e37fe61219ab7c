// What the pages know of the API: names for parts of schema.ts, which comes from the API's own
// document, and what that document leaves open.

import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Schema<Name extends keyof Schemas> = Schemas[Name];

export type Method = 'get' | 'post' | 'put' | 'delete';

// Paths that know a method.
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: object } ? P : never;
}[keyof paths];

type Operation<P extends keyof paths, M extends Method> = paths[P] extends { [K in M]: infer O }
  ? O
  : never;
type Good<R> = R extends { 200: infer A } ? A : R extends { 201: infer A } ? A : never;

// What a path answers: JSON, or nothing where the document names none.
export type Answer<P extends keyof paths, M extends Method = 'get'> =
  Operation<P, M> extends { responses: infer R }
    ? Good<R> extends { content: { 'application/json': infer A } }
      ? A
      : void
    : never;

type ArgsOf<O> = O extends { parameters: { path: infer A } } ? A : unknown;
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? NonNullable<Q> : unknown;
// A parameter may be left out by undefined or null too.
type Loose<T> = { [K in keyof T]: T[K] | null | undefined };

// What a path takes: the {arguments} in it and the parameters behind it, in one object.
export type Params<P extends keyof paths, M extends Method = 'get'> = ArgsOf<Operation<P, M>> &
  Loose<QueryOf<Operation<P, M>>>;

export type Body<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: { content: { 'application/json': infer B } } }
    ? B
    : Operation<P, M> extends { requestBody: { content: { 'application/json': infer B } } }
      ? B
      : Json;

export type Trace = Schemas['Trace'];
export type Span = Schemas['Span'];
export type SpanKind = Schemas['Kind'];
export type SpanStatus = Schemas['Status'];
export type ToolStatus = Schemas['ToolStatus'];
export type TokenBuckets = Schemas['TokenBuckets'];
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
  lost: number | null; // null: nobody knows how many.
  reason: string;
}
