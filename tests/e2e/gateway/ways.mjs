// The two ways from a client to a provider: directly, and through the gateway. Whatever a client does
// is done both ways, and what it saw must be the same.

import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

// A client's own provider key; the gateway passes it on as it is.
export const PROVIDER_KEY = 'sk-test-0123456789abcdef';

export const directly = (upstream) => ({
  name: 'directly',
  anthropic: upstream.url,
  openai: upstream.url,
  gemini: upstream.url,
});
export const through = (pitot) => ({
  name: 'through the gateway',
  anthropic: `${pitot.httpUrl}/anthropic`,
  openai: `${pitot.httpUrl}/openai`,
  gemini: `${pitot.httpUrl}/gemini`,
});

// The three clients, made for one case of the scripted upstream. `http` takes the status and the
// headers of each answer they get.
export function clients(way, name, { key = PROVIDER_KEY, retries = 0, headers = {} } = {}) {
  const http = [];
  const recorded = async (url, init) => {
    const answer = await fetch(url, init);
    http.push({ status: answer.status, headers: [...answer.headers] });
    return answer;
  };
  const defaultHeaders = { 'x-case': name, ...headers };
  return {
    http,
    anthropic: new Anthropic({
      apiKey: key,
      authToken: null,
      baseURL: way.anthropic,
      maxRetries: retries,
      defaultHeaders,
      fetch: recorded,
    }),
    openai: new OpenAI({
      apiKey: key,
      baseURL: `${way.openai}/v1`,
      maxRetries: retries,
      defaultHeaders,
      fetch: recorded,
    }),
    gemini: new GoogleGenAI({
      apiKey: key,
      vertexai: false,
      httpOptions: {
        baseUrl: way.gemini,
        headers: defaultHeaders,
        retryOptions: { attempts: retries + 1, initialDelay: 0.01, jitter: 0 },
        fetch: recorded,
      },
    }),
  };
}

// What a program learns from an error.
export function errorSeen(error) {
  const { status, code, type, param, requestID, error: body } = error;
  return {
    class: error.constructor.name,
    message: error.message,
    cause: error.cause?.constructor?.name,
    ...{ status, code, type, param, requestID, body },
  };
}

// `work`'s result or the error it ended with.
export async function outcome(work) {
  try {
    return { result: await work() };
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return { error: errorSeen(error) };
  }
}

export async function collect(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

// Framing is each connection's own, and ours say so by their name.
const FRAMING = /^(connection|keep-alive|transfer-encoding|x-pitot-.*)$/;
const OF_A_CONNECTION =
  /^(host|connection|keep-alive|accept-encoding|transfer-encoding|content-length)$/i;

// As the client saw it, without what may differ.
export function comparable({ http, ...seen }) {
  const answers = http.map(({ status, headers }) => ({
    status,
    headers: headers.filter(([name]) => !FRAMING.test(name)),
  }));
  // Undefined members and lost prototypes are no difference to a program. Some SDKs show headers.
  return JSON.parse(JSON.stringify({ ...seen, http: answers }), (name, value) =>
    FRAMING.test(name) ? undefined : value,
  );
}

// As the provider saw it, without what may differ.
export function requestSeen(request) {
  return {
    method: request.method,
    target: request.target,
    headers: request.headers
      .filter(([name]) => !OF_A_CONNECTION.test(name))
      .map(([name, value]) => [name.toLowerCase(), value]),
    body: request.body.toString('latin1'),
  };
}
