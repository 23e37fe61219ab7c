// The settings: what holds, keys made and revoked by clicking, prices, deletion, what was lost.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { fillHistory, STORY } from './sample.mjs';

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const ask = (pitot, key, path = '/api/v1/traces', init = {}) =>
  fetch(`${pitot.httpUrl}${path}`, { ...init, headers: { 'x-pitot-key': key, ...init.headers } });

const SPAN = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), name: 'answer', kind: 'agent' };

async function logIn(page, key) {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Log in' }).click();
}

webTest(
  'a key is made, used, rotated and revoked by clicking',
  async ({ pitot, open }) => {
    const [admin] = pitot.log.match(/pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/);
    const sent = await ask(pitot, admin, '/api/v1/spans', {
      method: 'POST',
      body: JSON.stringify({ ...SPAN, start: Date.now() / 1000 }),
    });
    assert.equal(sent.status, 200);
    const page = await open('/settings/keys', { expected: [/status of (401|403|409)/] });
    await logIn(page, admin);
    const keys = page.getByRole('grid', { name: 'Keys' });
    await keys.getByText('first admin key').waitFor();

    await page.getByRole('button', { name: 'New key' }).click();
    const form = page.getByRole('dialog', { name: 'New key' });
    await form.getByLabel('Name').fill('checkout');
    await form.getByLabel('read', { exact: true }).check();
    await form.getByLabel('gateway', { exact: true }).check();
    await form.getByLabel('Budget, USD').fill('20');
    await form.getByLabel('Always attributed to').fill('featur=checkout');
    await form.getByText(/“featur” is none of feature/).waitFor();
    await form.getByLabel('Always attributed to').fill('feature=checkout');
    await form.getByRole('button', { name: 'Make the key' }).click();

    // The secret, once.
    const secretDialog = page.getByRole('dialog', { name: 'The key checkout' });
    const shown = await secretDialog.getByText(/^pk-pitot-/).textContent();
    assert.match(shown, /^pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}$/);
    await secretDialog.getByRole('button', { name: 'I have kept it' }).click();
    const row = keys.getByRole('row').filter({ hasText: 'checkout' });
    await row.getByText('$20.00 a day').waitFor();
    await row.getByText('gateway').waitFor();
    assert.ok(!(await page.content()).includes(shown), 'it is nowhere on the page any more');
    assert.equal((await ask(pitot, shown)).status, 200);
    assert.equal((await ask(pitot, shown, '/api/v1/keys')).status, 403);

    // A new secret; the old one ends at once.
    await row.getByRole('button', { name: 'Rotate checkout' }).click();
    const rotate = page.getByRole('dialog', { name: 'A new secret for checkout?' });
    await rotate.getByLabel('The old secret stays valid for').selectOption('Not at all');
    await rotate.getByRole('button', { name: 'Rotate' }).click();
    const newDialog = page.getByRole('dialog', { name: 'The new secret of checkout' });
    const next = await newDialog.getByText(/^pk-pitot-/).textContent();
    await newDialog.getByRole('button', { name: 'I have kept it' }).click();
    assert.equal((await ask(pitot, shown)).status, 401);
    assert.equal((await ask(pitot, next)).status, 200);

    // Details have an address.
    await row.getByRole('button', { name: 'checkout', exact: true }).click();
    await page.getByRole('dialog', { name: 'checkout' }).getByText('feature = checkout').waitFor();
    assert.match(page.url(), /key=[a-z0-9]{8}/);
    await page.keyboard.press('Escape');
    await checkAccessible(page);
    await shoot(page, 'settings-keys');

    // Who may only read is told which key it takes, here and for SQL.
    const reader = await open('/settings/keys', { expected: [/status of (401|403)/] });
    await logIn(reader, next);
    await reader.getByText('This takes a key with the scope admin').waitFor();
    await reader.getByText(/key you are logged in with may .*read/).waitFor();
    assert.equal(await reader.title(), 'Keys · Settings · Pitot');
    await reader.goto('/sql?sql=SELECT+1');
    await reader.getByText('that takes one with the scope sql').waitFor();
    assert.ok(await reader.getByRole('button', { name: 'Run', exact: true }).isDisabled());
    await reader.getByRole('link', { name: 'Keys', exact: true }).waitFor();

    // The last admin key stays, in the server's words.
    await keys.getByRole('button', { name: 'Revoke first admin key' }).click();
    const last = page.getByRole('dialog', { name: 'Revoke first admin key?' });
    await last.getByRole('button', { name: 'Revoke' }).click();
    await last.getByRole('alert').filter({ hasText: /last/ }).waitFor();
    await last.getByRole('button', { name: 'Keep it' }).click();

    await row.getByRole('button', { name: 'Revoke checkout' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await row.waitFor({ state: 'detached' });
    assert.equal((await ask(pitot, next)).status, 401);
    assert.deepEqual(await refusals(page), []);
  },
  { env: { PITOT_AUTH_MODE: 'keys' } },
);

webTest(
  'the first key of all is an admin key, and one stays logged in',
  async ({ pitot, open }) => {
    const page = await open('/settings/keys', { expected: [/status of 401/] });
    await page.getByText('No key yet').waitFor();
    await checkAccessible(page);
    await page.getByRole('button', { name: 'New key' }).click();
    const form = page.getByRole('dialog', { name: 'New key' });
    assert.ok(await form.getByLabel('admin', { exact: true }).isChecked());
    await form.getByRole('button', { name: 'Make the key' }).click();
    const dialog = page.getByRole('dialog', { name: 'The key ops' });
    const secret = await dialog.getByText(/^pk-pitot-/).textContent();
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('grid', { name: 'Keys' }).getByText('ops', { exact: true }).waitFor();
    assert.equal((await fetch(`${pitot.httpUrl}/api/v1/traces`)).status, 401);
    assert.equal((await ask(pitot, secret)).status, 200);

    // Receipts of a server that received nothing, and what to do.
    await page.getByRole('link', { name: 'Receipts', exact: true }).click();
    await panel(page, 'What was lost').getByText('Nothing was lost').waitFor();
    await panel(page, 'Sources').getByText('Nothing was received').waitFor();
  },
);

webTest(
  'what holds, what has no price, what was lost, and a user who is deleted',
  async ({ pitot, open }) => {
    await fillHistory(pitot, { runs: 60 });
    const page = await open('/', {});
    await page.getByRole('link', { name: 'Settings', exact: true }).click();

    // What holds, and where it is set.
    const settings = page.getByRole('grid', { name: 'Settings' });
    const days = settings.getByRole('row').filter({ hasText: 'retention.days' });
    await days.getByText('14').waitFor();
    await days.getByText('PITOT_RETENTION_DAYS').waitFor();
    await days.getByText('changed').waitFor();
    await page.getByRole('searchbox', { name: 'Find a setting' }).fill('retention');
    await page.waitForURL(/find=retention/);
    assert.equal(await settings.getByRole('row').count(), 3);
    const sending = panel(page, 'Send something here');
    await sending.getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=${pitot.httpUrl}`).waitFor();
    await sending.getByRole('tab', { name: 'Gateway' }).click();
    await sending.getByText(`OPENAI_BASE_URL=${pitot.httpUrl}/openai/v1`).waitFor();

    // Models without a price come first, with the lines to give them one.
    await page.getByRole('link', { name: 'Prices', exact: true }).click();
    const missing = panel(page, 'Models without a price');
    await missing.getByRole('row').filter({ hasText: STORY.unpricedModel }).waitFor();
    await missing.getByText(`- model: ${STORY.unpricedModel}`).waitFor();
    await page.getByRole('searchbox', { name: 'Find a model' }).fill('gpt-4o');
    await page.getByText(/A call of “gpt-4o” is priced by openai\/gpt-4o/).waitFor();
    const price = page.getByRole('grid', { name: 'Prices' }).getByRole('row').nth(1);
    await price.getByText('$2.50', { exact: true }).first().waitFor();
    await price.getByText('$10.00', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Price anew', exact: true }).click();
    const reprice = page.getByRole('dialog', { name: 'Price what is stored anew' });
    await reprice.getByRole('button', { name: 'Show what would change' }).click();
    await reprice.getByText(/Would change: 0 of \d+ calls/).waitFor();
    await page.keyboard.press('Escape');

    // Receipts: each reason with its count and what to do.
    await page.getByRole('link', { name: 'Receipts', exact: true }).click();
    const lost = panel(page, 'What was lost');
    const unpriced = lost.getByRole('listitem').filter({ hasText: 'unpriced call' });
    await unpriced.getByText('No price is known').waitFor();
    await page.getByRole('grid', { name: 'Sources' }).getByRole('row').nth(1).waitFor();

    // Deletion asks for the id again, and says what was found.
    await page.getByRole('link', { name: 'Data', exact: true }).click();
    await panel(page, 'Retention').getByText('14 days').waitFor();
    await panel(page, 'Export').getByText('pitot export --since 7d').waitFor();
    await page.getByLabel('User', { exact: true }).fill('ada');
    await page.getByRole('button', { name: 'Delete the data …' }).click();
    const confirm = page.getByRole('dialog', { name: 'Delete for good?' });
    assert.ok(await confirm.getByRole('button', { name: 'Delete', exact: true }).isDisabled());
    await confirm.getByLabel('Type the user’s id to confirm').fill('ada');
    await confirm.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText(/Deleted of “ada”: \d+ traces/).waitFor();
    await page.getByText('nothing is left').waitFor();
    assert.deepEqual(await refusals(page), []);

    for (const [colorScheme, width, height] of [
      ['light', 1280, 1400],
      ['dark', 1280, 1400],
      ['light', 390, 844],
    ]) {
      const shown = await open('/settings', { colorScheme, width, height });
      for (const [path, seen] of [
        ['', 'Send something here'],
        ['/prices', 'Models without a price'],
        ['/retention', 'Redaction'],
        ['/receipts', 'Sources'],
      ]) {
        await shown.goto(`/settings${path}`);
        await panel(shown, seen).locator('.card-body').waitFor();
        await shown.waitForFunction(() => !document.querySelector('.waiting'));
        await checkAccessible(shown);
        const sideways = await shown.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(sideways <= 0, `${path} ${width} px: the page itself must not scroll sideways`);
        await shoot(shown, `settings${path.replace('/', '-')}-${colorScheme}-${width}`);
      }
    }
  },
  { config: { retention: { days: 14 } } },
);
