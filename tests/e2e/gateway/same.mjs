// Runs what a program does with a client both ways, and compares: what the program saw, and what the
// provider saw.
//
// A case: {
//   name, answer,               // Its script; see upstream.mjs.
//   run(clients, request),      // What the program does; its result is compared. request(n) waits
//                               // for the n-th request that reaches the provider.
//   check(seen, requests),      // What a direct call must give: {result | error, http}.
//   options,                    // Of clients().
//   asked,                      // Requests that reach the provider; 1 by default.
//   sent: false,                // Requests are not compared: they differ from run to run.
//   alike(seen),                // Removes what the gateway may change by design.
// }

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { shared, startGateway } from './pitot_gateway.mjs';
import { startUpstream } from './upstream.mjs';
import { clients, comparable, directly, outcome, requestSeen, through } from './ways.mjs';

async function perform(one, way, upstream) {
  upstream.on(one.name, one.answer);
  const made = clients(way, one.name, one.options);
  const seen = await outcome(() => one.run(made, (n = 0) => upstream.request(one.name, n)));
  return { ...seen, http: made.http };
}

function assertSame(one, direct, seen, directRequests, requests) {
  const alike = one.alike ?? ((value) => value);
  assert.deepEqual(alike(comparable(seen)), alike(comparable(direct)), 'what the program saw');
  assert.equal(requests.length, directRequests.length, 'requests that reached the provider');
  for (const request of requests) {
    assert.equal(request.header('accept-encoding'), 'identity', 'so that we can read the answer');
    const ours = request.headers.filter(([name]) => /^x-pitot-/i.test(name));
    assert.deepEqual(ours, [], 'headers that are meant for the gateway');
  }
  if (one.sent === false) return;
  const sent = (list) => list.map(requestSeen).map(one.alikeRequest ?? ((request) => request));
  assert.deepEqual(sent(requests), sent(directRequests), 'what the provider saw');
}

// The gateway's own retries are off: they are what a client would not do.
export function sameEitherWay(suite, cases, gateway = { retries: { attempts: 1 } }) {
  describe(suite, { concurrency: 4 }, () => {
    const scope = shared();
    let direct;
    let ours;
    before(async () => {
      direct = await startUpstream(scope);
      if (!process.env.DIRECT_ONLY) ours = await startGateway(scope, gateway);
    });
    for (const one of cases) {
      test(one.name, { timeout: 30_000 }, async () => {
        const first = await perform(one, directly(direct), direct);
        const asked = direct.requests(one.name);
        await one.check(first, asked);
        assert.equal(asked.length, one.asked ?? 1, 'requests of a direct call');
        if (process.env.DIRECT_ONLY) return;
        const second = await perform(one, through(ours.pitot), ours.upstream);
        assertSame(one, first, second, asked, ours.upstream.requests(one.name));
      });
    }
  });
}
