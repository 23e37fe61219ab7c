// Two runs side by side, as somebody would who asks what a new prompt changed.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { evilTrace, sendSpans } from './spans.mjs';
import { storyRun } from './story_run.mjs';

const GOOD = 'a'.repeat(32);
const WRONG = 'b'.repeat(32);
const panel = (page, title) => page.getByRole('region', { name: title, exact: true });

async function fill(pitot) {
  await sendSpans(pitot, storyRun(GOOD, Date.now() - 60_000));
  await sendSpans(pitot, storyRun(WRONG, Date.now() - 30_000, { version: '8', wrong: true }));
  await pitot.trace(GOOD, ({ spans }) => spans.length === 12);
  await pitot.trace(WRONG, ({ spans }) => spans.length === 14);
  await pitot.settled();
}

webTest('what a new prompt changed: figures, decisions, prompts, answers', async (it) => {
  const { pitot, open } = it;
  await fill(pitot);
  const page = await open(`/traces/${GOOD}`);
  await page.getByRole('button', { name: 'Compare with…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Compare this run with' });

  // By its id, or one of those offered.
  await dialog.getByLabel('Id or address of another trace').fill('not an id');
  await dialog.getByRole('button', { name: 'Compare', exact: true }).click();
  await dialog.getByText('has 32 digits').waitFor();
  await dialog.getByRole('link', { name: 'plan a journey' }).first().click();
  await page.waitForURL(`**/traces/${GOOD}/compare/${WRONG}`);

  const figures = page.getByRole('region', { name: 'Figures of both runs' });
  const row = (name) => figures.getByRole('row').filter({ hasText: name });
  await row('Model calls').getByText('+1').waitFor();
  await row('Tool calls that failed').getByText('+1').waitFor();
  await row('Prompts').getByText('with journeys version 8, without journeys version 7').waitFor();

  const steps = page.getByRole('list', { name: 'Decisions of both runs' });
  await steps.getByText('Not in A').waitFor();
  await steps.getByText('another answer').waitFor();
  await steps.getByRole('link', { name: 'A step 1' }).waitFor();
  await page.getByRole('button', { name: 'Different' }).click();
  await page.waitForURL(/steps=different/);
  assert.equal(await steps.getByRole('link', { name: 'A step 1' }).count(), 0);

  const prompts = panel(page, 'System prompts');
  await prompts.locator('del').filter({ hasText: 'Check the seats before you answer.' }).waitFor();
  await prompts.locator('ins').filter({ hasText: 'Be quick.' }).waitFor();
  await panel(page, 'Final answers')
    .locator('ins')
    .filter({ hasText: 'Take any train.' })
    .waitFor();

  await page.getByRole('link', { name: 'Swap sides' }).click();
  await page.waitForURL(`**/traces/${WRONG}/compare/${GOOD}*`);
  await steps.getByText('Not in B').waitFor();

  // A step leads to its place in the story of its run.
  await steps.getByRole('link', { name: 'A step 4' }).click();
  await page.waitForURL(new RegExp(`/traces/${WRONG}\\?.*view=story`));
  await page.locator('#step-4[aria-current=step]').waitFor();
});

webTest('a run that is not there is told, hostile ones stay text', async ({ pitot, open }) => {
  await fill(pitot);
  const evil = 'e'.repeat(32);
  await sendSpans(pitot, evilTrace(evil, Date.now()));
  await pitot.trace(evil, ({ spans }) => spans.length === 2);
  const expected = [/404/];
  const missing = await open(`/traces/${GOOD}/compare/${'9'.repeat(32)}`, { expected });
  await missing.getByRole('alert').waitFor();
  await missing.getByText(`Of the run ${'9'.repeat(32)}`).waitFor();

  const page = await open(`/traces/${evil}/compare/${GOOD}`);
  await page.getByRole('list', { name: 'Decisions of both runs' }).waitFor();
  const prompts = panel(page, 'System prompts');
  await prompts
    .locator('del')
    .filter({ hasText: '<script>window.__xss = "script"</script>' })
    .waitFor();
  const found = await page.evaluate(() => ({
    ran: window.__xss ?? null,
    elements: document.querySelectorAll('#root :is(script, iframe, object, embed)').length,
    links: [...document.links].filter((link) => link.protocol !== 'http:').length,
  }));
  assert.deepEqual(found, { ran: null, elements: 0, links: 0 });
  assert.deepEqual(await refusals(page), []);
});

webTest('everybody can use it, at every width and in both themes', async ({ pitot, open }) => {
  await fill(pitot);
  for (const [colorScheme, width, height] of [
    ['light', 1280, 1700],
    ['dark', 1280, 1700],
    ['light', 390, 1200],
  ]) {
    const page = await open(`/traces/${GOOD}/compare/${WRONG}`, { colorScheme, width, height });
    await page.getByRole('list', { name: 'Decisions of both runs' }).waitFor();
    await checkAccessible(page);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
    await shoot(page, `compare-${colorScheme}-${width}`);
  }
});
