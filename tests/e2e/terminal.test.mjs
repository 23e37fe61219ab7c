// What a person sees who starts the server in a terminal: our own lines, and nothing of the store's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPitot } from './pitot.mjs';

const OWN_LINE = /^\d{4}-\d\d-\d\dT\S+ (info|warning) /;

test('in a terminal the server writes its own lines only, and Ctrl-C stops it', async (t) => {
  const pitot = await startPitot(t, { onTerminal: true });
  const id = '0af7651916cd43dd8448eb211c80319c';
  const span = { trace_id: id, span_id: '1', name: 'a run', start: Date.now(), duration_ms: 5 };
  const response = await fetch(`${pitot.httpUrl}/api/v1/spans`, {
    method: 'POST',
    body: JSON.stringify(span),
  });
  assert.equal(response.status, 200, await response.text());
  await pitot.trace(id, (answer) => answer.spans.length === 1);
  const found = await pitot.command('trace', id.slice(0, 8));
  assert.match(found.stdout, /a run/, `by the beginning of its id: ${found.stderr}`);
  const failed = await pitot.command('sql', 'SELECT nothing');
  assert.equal(failed.code, 2, failed.stderr);

  await pitot.stop();

  const lines = pitot.log.replaceAll(/\r|\^C/g, '').split('\n');
  const strange = lines.filter((line) => line !== '' && !OWN_LINE.test(line));
  assert.deepEqual(strange, []);
  assert.match(pitot.log, /stopped/);
});
