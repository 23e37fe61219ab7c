import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curlCommand, listCommand, shellWord, withWords } from './commands';

test('a word of the shell is what it was, quotes and all', () => {
  assert.equal(shellWord('24h'), '24h');
  assert.equal(shellWord('a b'), "'a b'");
  assert.equal(shellWord("it's $HOME"), `'it'\\''s $HOME'`);
  assert.equal(shellWord(''), "''");
});

test('commands ask for what the page shows', () => {
  const origin = 'http://127.0.0.1:4318';
  assert.equal(
    listCommand(origin, { since: '24h', q: 'status = error' }),
    "pitot traces 'status = error' --since 24h --url http://127.0.0.1:4318",
  );
  assert.equal(
    listCommand(origin, { since: '2026-11-20T10:00:00Z', until: '2026-11-20T11:00:00Z' }),
    'pitot traces --since 2026-11-20T10:00:00Z --until 2026-11-20T11:00:00Z --url http://127.0.0.1:4318',
  );
  assert.equal(
    curlCommand(origin, '/api/v1/traces?since=24h&q=a', true),
    `curl -fsS -H "Authorization: Bearer $PITOT_KEY" 'http://127.0.0.1:4318/api/v1/traces?since=24h&q=a'`,
  );
});

test('words join the filter as a quoted text', () => {
  assert.equal(withWords('', 'refund order'), '"refund order"');
  assert.equal(withWords('kind = llm', 'say "no" \\'), 'kind = llm AND "say \\"no\\" \\\\"');
  assert.equal(withWords('a = 1 or b = 2', 'x'), '(a = 1 or b = 2) AND "x"');
  assert.equal(withWords('kind = llm', ''), 'kind = llm');
});
