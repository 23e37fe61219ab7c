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
  // The same as it comes, for answers of many megabytes: pieces of text, cut anywhere.
  getPieces: (
    path: PathOf<'get'>,
    params: object,
    signal?: AbortSignal,
  ) => AsyncGenerator<string, void, undefined>;
  // These change something, and carry the session's token, which no page of another site can read.
  post: Send<'post'>;
  put: Send<'put'>;
  delete: Send<'delete'>;
  // A change whose answer comes as it is: lines of progress, rows with numbers that JSON.parse would
  // round.
  sendPieces: (
    method: 'POST' | 'DELETE',
    path: keyof paths,
    params: object,
    body?: unknown,
    signal?: AbortSignal,
  ) => AsyncGenerator<string, void, undefined>;
  // Runs `makeKey`, which makes the first key of a server, and logs in with it at once: from then on
  // there is no asking without one, and who is led to the login before would never see the key.
  firstKey: <Made extends { secret: string }>(makeKey: () => Promise<Made>) => Promise<Made>;
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
  let staying = false;
  // An answer that is good; what the others say is thrown.
  async function send(url: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetcher(url, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, 'the server cannot be reached');
    }
    if (response.ok) return response;
    if (response.status === 401 && !staying) onLoggedOut();
    throw new ApiError(response.status, errorMessage(response.status, await response.text()));
  }

  async function ask(url: string, init: RequestInit): Promise<unknown> {
    const text = await (await send(url, init)).text();
    return text === '' ? undefined : JSON.parse(text);
  }

  async function* pieces(url: string, init: RequestInit) {
    const { body } = await send(url, init);
    if (body === null) return;
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (init.signal?.aborted) throw error;
        throw new ApiError(0, 'the server stopped in the middle of its answer');
      });
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  }

  const get = ((path, params, signal) =>
    ask(apiUrl(path, params), signal ? { signal } : {})) as Get;

  const toChange = async (method: string, body: unknown, signal?: AbortSignal) => {
    const { csrf_token } = await get('/api/v1/session', {}, signal);
    const headers: Record<string, string> = csrf_token ? { 'x-pitot-csrf': csrf_token } : {};
    const init: RequestInit = { method, headers, ...(signal && { signal }) };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    return init;
  };
  const change = (method: string) => async (path: keyof paths, params: object, body?: unknown) =>
    ask(apiUrl(path, params), await toChange(method, body));

  return {
    get,
    getPieces: (path, params, signal) => pieces(apiUrl(path, params), signal ? { signal } : {}),
    post: change('POST') as Send<'post'>,
    put: change('PUT') as Send<'put'>,
    delete: change('DELETE') as Send<'delete'>,
    sendPieces: async function* (method, path, params, body, signal) {
      yield* pieces(apiUrl(path, params), await toChange(method, body, signal));
    },
    firstKey: async (makeKey) => {
      staying = true;
      try {
        const made = await makeKey();
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify({ key: made.secret });
        await ask(apiUrl('/api/v1/login'), { method: 'POST', headers, body });
        return made;
      } finally {
        staying = false;
      }
    },
  };
}
