// Asks the server. Paths, parameters and answers have the types of the API's own document (schema.ts):
//
//   await api.get('/api/v1/cost', { since: '24h', by: 'feature' }, signal)
//   await api.put('/api/v1/budgets/{budget_id}', { budget_id: 'daily' }, { limit_usd: 5, ... })
//
// Every call can be aborted; nothing is kept here.

import type { paths } from './schema';
import type { Answer, Body, Method, Params, PathOf } from './types';

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

type Get = <P extends PathOf<'get'>>(
  path: P,
  params: Params<P>,
  signal?: AbortSignal,
) => Promise<Answer<P>>;
type Send<M extends Method> = <P extends PathOf<M>>(
  path: P,
  params: Params<P, M>,
  body?: Body<P, M>,
) => Promise<Answer<P, M>>;

export interface Api {
  get: Get;
  // These change something, and carry the session's token, which no page of another site can read.
  post: Send<'post'>;
  put: Send<'put'>;
  delete: Send<'delete'>;
}

type Values = Record<string, string | number | boolean | null | undefined>;

// The address of a path of the API's document: its {arguments} filled in, the other parameters behind.
export function apiUrl(path: keyof paths, params: object = {}): string {
  const rest = { ...(params as Values) };
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
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
  async function ask(url: string, init: RequestInit): Promise<unknown> {
    let response: Response;
    try {
      response = await fetcher(url, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, 'the server cannot be reached');
    }
    const text = await response.text();
    if (!response.ok) {
      if (response.status === 401) onLoggedOut();
      throw new ApiError(response.status, errorMessage(response.status, text));
    }
    return text === '' ? undefined : JSON.parse(text);
  }

  const get = ((path, params, signal) =>
    ask(apiUrl(path, params), signal ? { signal } : {})) as Get;

  const send = (method: string) => async (path: keyof paths, params: object, body?: unknown) => {
    const { csrf_token } = await get('/api/v1/session', {});
    const headers: Record<string, string> = csrf_token ? { 'x-pitot-csrf': csrf_token } : {};
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    return ask(apiUrl(path, params), init);
  };

  return {
    get,
    post: send('POST') as Send<'post'>,
    put: send('PUT') as Send<'put'>,
    delete: send('DELETE') as Send<'delete'>,
  };
}
