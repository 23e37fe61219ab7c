import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logOut, toLogin, wasAnswered } from './login';

// A browser as far as these see it.
function browser(storage: Partial<Storage>) {
  const seen = { reloads: 0, at: '' };
  Object.assign(globalThis, {
    sessionStorage: storage,
    location: { reload: () => (seen.reloads += 1), assign: (to: string) => (seen.at = to) },
  });
  return seen;
}

function keeping(): Partial<Storage> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

test('whoever is logged out is sent to the login once, not round in circles', () => {
  const seen = browser(keeping());
  toLogin();
  toLogin();
  assert.equal(seen.reloads, 1);
});

test('whoever was let in since is sent there again at once', () => {
  const seen = browser(keeping());
  toLogin();
  wasAnswered();
  toLogin();
  assert.equal(seen.reloads, 2);
});

test('a browser that keeps nothing is sent nowhere: it would go round in circles', () => {
  const fail = () => {
    throw new Error('storage is off');
  };
  const seen = browser({ getItem: fail, setItem: fail, removeItem: fail });
  toLogin();
  wasAnswered();
  assert.equal(seen.reloads, 0);
});

// Last: a page that is left is not come back to.
test('whoever logs out goes to the first page, whatever is refused meanwhile', async () => {
  const seen = browser(keeping());
  await logOut(async () => {
    toLogin();
    throw new Error('the server is away');
  });
  toLogin();
  assert.deepEqual(seen, { reloads: 0, at: '/' });
});
