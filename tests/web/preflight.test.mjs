// Preflight: forty points by clicking, what stops a launch, people's word on them, and the probes.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { fillHistory } from './sample.mjs';

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const point = (page, id) => page.locator(`#point-${id}`);
const head = (page, id) => point(page, id).getByRole('button', { name: new RegExp(`^${id}`) });

webTest('what stops a launch, what to do, and a person’s word', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 120 });
  const page = await open('/');
  await page.getByRole('navigation', { name: 'Pages' }).getByText('Preflight').click();
  const summary = panel(page, 'Not ready for a launch');
  await summary.getByText(/of 40 points pass/).waitFor();
  await summary.getByText('Without probes').waitFor();
  assert.equal(await page.locator('.point').count(), 40);

  // Only what stops it, and one of them in full.
  await summary.getByRole('button', { name: /^Stops it/ }).click();
  await page.waitForURL(/state=stops/);
  await head(page, 'INS-05').waitFor({ state: 'detached' });
  await summary.getByRole('button', { name: 'ALR-03' }).click();
  await page.waitForURL(/point=ALR-03/);
  const daily = point(page, 'ALR-03');
  await daily.getByText('no budget of a day is set').last().waitFor();
  await daily.getByText('{id: daily, scope: global, window: day').waitFor();
  await daily.getByRole('link', { name: 'Budgets' }).waitFor();
  await shoot(page, 'preflight-point');

  // Waived until a day, and taken back.
  await daily.getByRole('button', { name: 'Waive …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Why').fill('the launch is internal');
  await dialog.getByLabel('By').fill('ada');
  await dialog.getByRole('button', { name: 'Waive' }).click();
  await daily.getByText('by ada, just now, ends in 14 d: the launch is internal').waitFor();
  await head(page, 'ALR-03').getByText('waived').waitFor();
  await daily.getByRole('button', { name: 'Withdraw' }).click();
  await head(page, 'ALR-03').getByText('fail', { exact: true }).waitFor();

  // Attested by keys, and a result of a drill.
  await head(page, 'OPS-04').click();
  await point(page, 'OPS-04').getByRole('button', { name: 'Attest …' }).click();
  await dialog.getByLabel('How you know').fill('rota in the wiki');
  await page.keyboard.press('Enter');
  await head(page, 'OPS-04').getByText('attested').waitFor();
  await head(page, 'QLT-06').click();
  await point(page, 'QLT-06').getByRole('button', { name: 'Record a result …' }).click();
  await dialog.getByLabel('Seconds that the rollback drill took').fill('140');
  await dialog.getByRole('button', { name: 'Record' }).click();
  await head(page, 'QLT-06').getByText('pass', { exact: true }).waitFor();

  // Evidence to take along.
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Evidence as JSON' }).click(),
  ]);
  const saved = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.equal(saved.points.length, 40);
  assert.equal(
    saved.points.find(({ id }) => id === 'OPS-04').attestation.comment,
    'rota in the wiki',
  );
  assert.deepEqual(await refusals(page), []);
});

webTest('the probes try out what cannot be seen', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 60 });
  const page = await open('/preflight?state=insufficient_data');
  await head(page, 'OPS-03').waitFor();
  await page.getByRole('button', { name: 'Run the probes' }).click();
  await page.getByText('Probes run in a sandbox').waitFor();
  // They take about half a minute, more where others work too.
  await page.getByText('The probes have run').waitFor({ timeout: 180_000 });
  await head(page, 'OPS-03').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^pass \d/ }).click();
  await head(page, 'OPS-03').getByText('pass', { exact: true }).waitFor();
});

webTest(
  'a key that may only read looks, and is refused the rest in words',
  async ({ pitot, open }) => {
    const [admin] = pitot.log.match(/pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/);
    const made = await pitot.command('key', 'create', 'reader', '--scopes', 'read', '--key', admin);
    assert.equal(made.code, 0, made.stderr);
    const [reader] = made.stdout.match(/pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/);
    const page = await open('/preflight?point=CST-01', { expected: [/status of 40[13]/] });
    await page.getByLabel('API key').fill(reader);
    await page.getByRole('button', { name: 'Log in' }).click();
    await point(page, 'CST-01').getByRole('button', { name: 'Waive …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why').fill('not mine to say');
    await dialog.getByRole('button', { name: 'Waive' }).click();
    await dialog.getByRole('alert').filter({ hasText: 'admin' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Run the probes' }).click();
    await page.getByRole('alert').filter({ hasText: 'admin' }).waitFor();
  },
  { env: { PITOT_AUTH_MODE: 'keys' } },
);

webTest('everybody can use it, at every width, in both themes and on paper', async ({ open }) => {
  for (const [colorScheme, width, height] of [
    ['light', 1280, 1500],
    ['dark', 1280, 1500],
    ['light', 390, 844],
  ]) {
    const page = await open('/preflight', { colorScheme, width, height });
    await panel(page, 'Security').waitFor();
    await shoot(page, `preflight-${colorScheme}-${width}`);
    await head(page, 'SEC-05').click();
    await point(page, 'SEC-05').getByText('auth: {mode: keys}').waitFor();
    await checkAccessible(page);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
    if (width === 1280 && colorScheme === 'light') {
      await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
      await page.locator('.point-body').nth(39).waitFor();
      await page.emulateMedia({ media: 'print' });
      await shoot(page, 'preflight-print');
    }
    await page.context().close();
  }
});
