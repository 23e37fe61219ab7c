import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curlOf, linkOf } from 'pages/trace/copy';

test('commands have a place for the key, links only what names the span', () => {
  assert.equal(
    curlOf('http://host:1', 'ab', 'cd'),
    `curl -H "x-pitot-key: $PITOT_KEY" 'http://host:1/api/v1/traces/ab/spans/cd'`,
  );
  assert.equal(
    curlOf('http://host:1', 'ab'),
    `curl -H "x-pitot-key: $PITOT_KEY" 'http://host:1/api/v1/traces/ab'`,
  );
  assert.ok(curlOf("http://h'x", 'ab').endsWith(`'http://h'\\''x/api/v1/traces/ab'`));
  assert.equal(linkOf('http://h', 'ab'), 'http://h/traces/ab');
  assert.equal(linkOf('http://h', 'ab', 'c d'), 'http://h/traces/ab?span=c%20d');
});
