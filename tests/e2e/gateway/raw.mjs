// A client that hides nothing: each piece of an answer as it arrives, and how the answer ended.
//
//   const call = post(`${pitot.httpUrl}/openai/v1/chat/completions`, body, headers);
//   const { statusCode, headers } = await call.head;
//   await call.has('text');          // Until these bytes have arrived.
//   const { text, complete } = await call.end;   // complete: as its framing says it should end.
//   call.abort();

import http from 'node:http';
import { performance } from 'node:perf_hooks';

const AGENT = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const DEADLINE_MS = 20_000;

class Call {
  #request;
  #bytes = [];
  #wake = new Set();

  constructor(method, url, body, headers, agent = AGENT) {
    const payload =
      body === undefined || Buffer.isBuffer(body) || typeof body === 'string'
        ? body
        : JSON.stringify(body);
    this.at = performance.now();
    this.#request = http.request(url, { method, headers, agent });
    let settle;
    this.end = new Promise((resolve) => (settle = resolve));
    this.head = new Promise((resolve, reject) => {
      this.#request.on('error', (error) => {
        reject(error);
        settle(this.#ended(false, error));
      });
      this.#request.on('response', (response) => {
        this.response = response;
        resolve(response);
        response.on('data', (data) => {
          this.firstByteAt ??= performance.now();
          this.#bytes.push(data);
          for (const wake of this.#wake) wake();
        });
        response.on('error', () => {}); // 'close' follows.
        response.on('close', () => settle(this.#ended(response.complete)));
      });
    });
    this.head.catch(() => {}); // Who does not ask for the head looks at the end.
    this.#request.end(payload);
  }

  #ended(complete, error) {
    this.over = true;
    for (const wake of this.#wake) wake();
    const { statusCode: status, headers } = this.response ?? {};
    return { status, headers, bytes: this.bytes, text: this.text, complete, error };
  }

  get bytes() {
    return Buffer.concat(this.#bytes);
  }
  get text() {
    return this.bytes.toString();
  }

  async has(words) {
    const deadline = performance.now() + DEADLINE_MS;
    while (!this.text.includes(words)) {
      const left = deadline - performance.now();
      if (this.over || left <= 0) {
        const why = this.over ? 'the answer ended' : `nothing more for ${DEADLINE_MS} ms`;
        throw new Error(`${why} before "${words}" came; so far: ${this.text}`);
      }
      let timer;
      let wake;
      const more = new Promise((resolve) => this.#wake.add((wake = resolve)));
      const late = new Promise((resolve) => (timer = setTimeout(resolve, left)));
      await Promise.race([more, late]);
      clearTimeout(timer);
      this.#wake.delete(wake);
    }
  }

  // Takes no more bytes from the socket: what a slow client does.
  async pause() {
    (await this.head).pause();
  }
  async resume() {
    (await this.head).resume();
  }

  abort() {
    this.#request.destroy();
  }
}

export const post = (url, body, headers = {}, agent = AGENT) =>
  new Call('POST', url, body, { 'content-type': 'application/json', ...headers }, agent);
export const get = (url, headers = {}) => new Call('GET', url, undefined, headers);
export const send = (method, url, body, headers = {}) => new Call(method, url, body, headers);
