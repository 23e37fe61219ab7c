// A server that asks for keys, in Debian's Chromium.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';

const SPAN = {
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  span_id: '00000000000000a1',
  name: 'answer',
  kind: 'agent',
  duration_ms: 5,
};

// Chromium says so of each 401; here they belong to the test.
const EXPECTED = { expected: [/status of 401/] };

async function logIn(page, key) {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Log in' }).click();
}

webTest(
  'a key becomes a session that scripts cannot read, and ends',
  async ({ pitot, open }) => {
    const [admin] = pitot.log.match(/pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/);
    const sent = await fetch(`${pitot.httpUrl}/api/v1/spans`, {
      method: 'POST',
      headers: { 'x-pitot-key': admin },
      body: JSON.stringify({ ...SPAN, start: Date.now() / 1000 }),
    });
    assert.equal(sent.status, 200, await sent.text());
    const page = await open('/traces?since=7d', EXPECTED);
    await page.getByRole('heading', { name: 'Pitot' }).waitFor();
    await shoot(page, 'login');
    await logIn(page, 'pk-pitot-mistyped');
    await page.getByRole('alert').filter({ hasText: 'no valid key' }).waitFor();

    await logIn(page, admin);
    await page
      .getByRole('grid', { name: 'Traces' })
      .getByRole('link', { name: 'answer' })
      .waitFor();
    assert.match(page.url(), /\/traces\?since=7d$/, 'on to the page that was asked for');
    assert.equal(await page.evaluate(() => document.cookie), '');
    const stored = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    );
    assert.ok(!stored.includes('pk-pitot'));
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);

    await page.getByText('first admin key').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('API key').waitFor();
    const old = await fetch(`${pitot.httpUrl}/api/v1/traces`, {
      headers: { cookie: `${cookie.name}=${cookie.value}` },
    });
    assert.equal(old.status, 401, 'the cookie is worth nothing after the logout');

    // The key is changed elsewhere: the open page leads to the login by itself.
    await logIn(page, admin);
    await page
      .getByRole('grid', { name: 'Latest runs' })
      .getByRole('link', { name: 'answer' })
      .waitFor();
    const id = admin.slice('pk-pitot-'.length, 'pk-pitot-'.length + 8);
    const rotated = await pitot.command('key', 'rotate', id, '--grace', '0s', '--key', admin);
    assert.equal(rotated.code, 0, rotated.stderr);
    await page.getByRole('combobox', { name: 'Filter' }).fill('kind = llm');
    await page.keyboard.press('Enter');
    await page.getByLabel('API key').waitFor();
    assert.deepEqual(await refusals(page), []);
  },
  { env: { PITOT_AUTH_MODE: 'keys' } },
);
