import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickSearch, sameSearch, viewUrl } from './savedSearch';

const NAMES = ['since', 'q', 'cols'];

test('a view keeps what is named and set', () => {
  const search = { since: '7d', q: '', cols: undefined, open: 'x' };
  assert.deepEqual(pickSearch(search, NAMES), { since: '7d' });
});

test('two are the same whatever their order', () => {
  assert.equal(sameSearch({ q: 'a', since: '1h' }, { since: '1h', q: 'a' }), true);
  assert.equal(sameSearch({ q: 'a' }, { q: 'a', since: '1h' }), false);
  assert.equal(sameSearch({ q: 'a' }, { q: 'b' }), false);
});

test('a link holds all of it', () => {
  const url = new URL(viewUrl('http://host', '/traces', { q: 'a = "b & c"' }));
  assert.equal(url.pathname, '/traces');
  assert.equal(url.searchParams.get('q'), 'a = "b & c"');
  assert.equal(viewUrl('http://host', '/traces', {}), 'http://host/traces');
});
