// Asks the server. Every call can be aborted; nothing is kept here.

import type { paths } from './schema';
import type {
  Answer,
  FieldTable,
  FieldValues,
  GetPath,
  PathArgs,
  Query,
  Session,
  SpanContents,
  SpanDetails,
  TracePage,
  TraceStructure,
} from './types';

// What the server said, in its words; status 0 when it could not be reached.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export interface TraceQuery {
  since: string;
  q: string;
  limit?: number;
  cursor?: string | null;
}

export interface Api {
  session(signal?: AbortSignal): Promise<Session>;
  logout(): Promise<void>;
  traces(query: TraceQuery, signal?: AbortSignal): Promise<TracePage>;
  trace(traceId: string, signal?: AbortSignal): Promise<TraceStructure>;
  span(traceId: string, spanId: string, signal?: AbortSignal): Promise<SpanDetails>;
  fields(signal?: AbortSignal): Promise<FieldTable>;
  fieldValues(
    field: string,
    prefix: string,
    since: string,
    signal?: AbortSignal,
  ): Promise<FieldValues>;
}

type Parameters = Record<string, string | number | null | undefined>;

// The address of a path of the API's document, its {arguments} filled in.
export function apiUrl(path: keyof paths, args: object = {}, query: object = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String((args as Parameters)[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query as Parameters)) {
    if (value != null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return filled + (text && `?${text}`);
}

// {"error":{"code","message"}}; a proxy in between may say something else.
export function errorMessage(status: number, body: string): string {
  try {
    const error: unknown = JSON.parse(body);
    const message = (error as { error?: { message?: unknown } }).error?.message;
    if (typeof message === 'string') return message;
  } catch {
    // Not ours: the status has to do.
  }
  return `the server answered ${status}`;
}

// `onLoggedOut` is called whenever the server wants a login first.
export function createApi(fetcher: typeof fetch, onLoggedOut: () => void = () => {}): Api {
  async function fail(response: Response): Promise<never> {
    if (response.status === 401) onLoggedOut();
    throw new ApiError(response.status, errorMessage(response.status, await response.text()));
  }

  // Whatever changes something carries the session's token, which no page of another site can read.
  async function send(method: 'POST' | 'DELETE' | 'PUT', path: keyof paths): Promise<void> {
    const { csrf_token } = await get('/api/v1/session', {}, {});
    const headers: Record<string, string> = csrf_token ? { 'x-pitot-csrf': csrf_token } : {};
    const response = await fetcher(apiUrl(path), { method, headers });
    if (!response.ok) await fail(response);
  }

  async function get<P extends GetPath>(
    path: P,
    args: PathArgs<P>,
    query: Query<P>,
    signal?: AbortSignal,
  ): Promise<Answer<P>> {
    let response: Response;
    try {
      response = await fetcher(
        apiUrl(path, args as object, query as object),
        signal ? { signal } : {},
      );
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, 'the server cannot be reached');
    }
    if (!response.ok) await fail(response);
    return (await response.json()) as Answer<P>;
  }

  return {
    session: (signal) => get('/api/v1/session', {}, {}, signal),
    logout: () => send('POST', '/api/v1/logout'),
    traces: ({ cursor, ...query }, signal) =>
      get('/api/v1/traces', {}, { ...query, ...(cursor && { cursor }) }, signal),
    trace: (trace_id, signal) => get('/api/v1/traces/{trace_id}', { trace_id }, {}, signal),
    span: async (trace_id, span_id, signal) => {
      const path = '/api/v1/traces/{trace_id}/spans/{span_id}';
      const span = await get(path, { trace_id, span_id }, {}, signal);
      return { ...NO_CONTENTS, ...span } as SpanDetails;
    },
    fields: (signal) => get('/api/v1/fields', {}, {}, signal),
    fieldValues: (name, prefix, since, signal) =>
      get('/api/v1/fields/{name}/values', { name }, { prefix, since, limit: 12 }, signal),
  };
}

const NO_CONTENTS: SpanContents = {
  input: [],
  output: [],
  system: [],
  tool_definitions: [],
  reasoning: [],
  tags: {},
  attributes: {},
  events: [],
  links: [],
};
