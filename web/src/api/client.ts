// Asks the server. Every call can be aborted; nothing is kept here.

import type { FieldTable, FieldValues, SpanDetails, TracePage, TraceStructure } from './types';

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
  traces(query: TraceQuery, signal?: AbortSignal): Promise<TracePage>;
  trace(traceId: string, signal?: AbortSignal): Promise<TraceStructure>;
  span(traceId: string, spanId: string, signal?: AbortSignal): Promise<SpanDetails>;
  fields(signal?: AbortSignal): Promise<FieldTable>;
  fieldValues(field: string, prefix: string, since: string, signal?: AbortSignal): Promise<FieldValues>;
}

type Parameters = Record<string, string | number | null | undefined>;

export function apiUrl(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value != null && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return `/api/v1${path}${text && `?${text}`}`;
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

export function createApi(fetcher: typeof fetch): Api {
  async function get<T>(path: string, parameters: Parameters, signal?: AbortSignal): Promise<T> {
    let response: Response;
    try {
      response = await fetcher(apiUrl(path, parameters), signal ? { signal } : {});
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, 'the server cannot be reached');
    }
    if (!response.ok) {
      throw new ApiError(response.status, errorMessage(response.status, await response.text()));
    }
    return (await response.json()) as T;
  }

  return {
    traces: (query, signal) => get('/traces', { ...query }, signal),
    trace: (traceId, signal) => get(`/traces/${encodeURIComponent(traceId)}`, {}, signal),
    span: (traceId, spanId, signal) =>
      get(
        `/traces/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`,
        {},
        signal,
      ),
    fields: (signal) => get('/fields', {}, signal),
    fieldValues: (field, prefix, since, signal) =>
      get(`/fields/${encodeURIComponent(field)}/values`, { prefix, since, limit: 12 }, signal),
  };
}
