// What stands around every page, in Debian's Chromium: going places, keys, themes, a phone.

import assert from 'node:assert/strict';
import { checkAccessible } from './measure.mjs';
import { fillHistory } from './sample.mjs';
import { refusals, shoot, webTest } from './browser.mjs';

const nav = (page) => page.getByRole('navigation', { name: 'Pages' });
const at = (page) => new URL(page.url());

webTest('every place of the navigation is a page, by a click and by keys', async (it) => {
  const { pitot, open } = it;
  await fillHistory(pitot, { runs: 30 });
  const page = await open('/?since=7d&q=kind+%3D+agent');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const places = await nav(page).getByRole('listitem').getByRole('link').all();
  assert.ok(places.length >= 2);
  for (const place of places) {
    const href = await place.getAttribute('href');
    const key = /\(g (.)\)/.exec(await place.getAttribute('title'))[1];
    await page.keyboard.press('Escape');
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.waitForURL((url) => url.pathname === href.split('?')[0]);
    await nav(page).getByRole('listitem').locator('[aria-current=page]').waitFor();
    assert.equal(await page.getByText('There is no such page').count(), 0, href);
    // The window and the filter go along where a page knows them.
    if (href.includes('?')) {
      assert.equal(at(page).searchParams.get('since'), '7d', href);
      assert.equal(at(page).searchParams.get('q'), 'kind = agent', href);
    }
  }
  await nav(page).getByRole('link', { name: 'Overview' }).click();
  await page.waitForURL(/\/\?.*since=7d/);
  assert.deepEqual(await refusals(page), []);
});

webTest('keys: the filter, the help, and none while one types', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 10 });
  const page = await open('/');
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('g t?');
  assert.equal(await filter.inputValue(), 'g t?', 'keys are text in a field');
  assert.equal(at(page).pathname, '/');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement.blur());

  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await help.getByText('To the filter').waitFor();
  await checkAccessible(page);
  // The page behind it does not listen.
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  assert.equal(at(page).pathname, '/');
});

const ground = (page) =>
  page.evaluate(() => {
    const [red] = getComputedStyle(document.body).backgroundColor.match(/\d+/g);
    return Number(red) < 128 ? 'dark' : 'light';
  });

webTest('the theme is the system’s, or the one that was chosen', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 30 });
  const page = await open('/', { colorScheme: 'dark' });
  const toggle = page.getByRole('button', { name: /^Theme/ });
  await toggle.waitFor();
  assert.equal(await ground(page), 'dark');
  await toggle.click();
  assert.equal(await ground(page), 'light');
  await page.getByRole('button', { name: 'Theme: light' }).waitFor();

  // Before anything is painted: the document has it before the pages' own script runs.
  await page.addInitScript(() => {
    document.addEventListener('DOMContentLoaded', () => {
      window.__themeAtFirst = document.documentElement.dataset.theme;
    });
  });
  await page.reload();
  await toggle.waitFor();
  assert.equal(await ground(page), 'light');
  assert.equal(await page.evaluate(() => window.__themeAtFirst), 'light');

  await toggle.click();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  await page.emulateMedia({ colorScheme: 'light' });
  assert.equal(await ground(page), 'dark');
  await toggle.click();
  await page.getByRole('button', { name: 'Theme: as the system' }).waitFor();
  assert.equal(await ground(page), 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.equal(await ground(page), 'dark');
  assert.deepEqual(await refusals(page), []);
});

webTest('on a phone the places are behind a button', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 30 });
  const page = await open('/', { width: 390, height: 844 });
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const traces = nav(page).getByRole('link', { name: 'Traces' });
  assert.equal(await traces.isVisible(), false);
  const menu = page.getByRole('button', { name: 'Menu' });
  await menu.click();
  await traces.waitFor();
  await checkAccessible(page);
  await shoot(page, 'phone-menu');
  await traces.click();
  await page.waitForURL(/\/traces/);
  assert.equal(await traces.isVisible(), false, 'the menu closes behind one');
});

webTest('the rail folds to icons and stays so', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 5 });
  const page = await open('/');
  const width = async () => (await nav(page).boundingBox()).width;
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.ok((await width()) > 100);
  await page.getByRole('button', { name: 'Fold or unfold the navigation' }).click();
  assert.ok((await width()) < 60);
  await page.reload();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  assert.ok((await width()) < 60);
  await nav(page).getByRole('link', { name: 'Traces' }).click();
  await page.waitForURL(/\/traces/);
});

webTest('the window of time: offered ones, and from and to', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 30 });
  const page = await open('/');
  const range = page.getByRole('button', { name: /^Time range/ });
  await range.click();
  await page.getByRole('button', { name: 'Last 6 hours' }).click();
  await page.waitForURL(/since=6h/);
  await range.click();
  const now = new Date();
  // Never at :00, which the field shows without seconds.
  const local = (ms) =>
    `${new Date(ms - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 17)}01`;
  await page.getByLabel('From').fill(local(now.getTime() - 7_200_000));
  await page.getByLabel('To (empty: now)').fill(local(now.getTime() - 3_600_000));
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/until=/);
  const { searchParams } = at(page);
  const length = Date.parse(searchParams.get('until')) - Date.parse(searchParams.get('since'));
  assert.equal(length, 3_600_000);
  await page.goBack();
  await page.waitForURL(/since=6h/);
});

webTest('colours can be told from their ground, in both themes', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 5 });
  for (const colorScheme of ['light', 'dark']) {
    const page = await open('/', { colorScheme });
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    const weak = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('i'));
      const luminance = (name) => {
        probe.style.color = `var(${name})`;
        const parts = getComputedStyle(probe).color.match(/\d+/g).slice(0, 3);
        const [r, g, b] = parts.map((part) => {
          const share = Number(part) / 255;
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const contrast = (a, b) => {
        const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
      };
      const grounds = ['--surface', '--ground', '--raised', '--sunken'];
      const texts = ['--ink', '--ink-2', '--ink-3', '--accent', '--bad', '--warn', '--good'];
      const marks = [1, 2, 3, 4, 5, 6, 7, 8]
        .map((i) => `--cat-${i}`)
        .concat(
          ['success', 'error', 'timeout', 'rate_limited', 'invalid_args', 'blocked', 'unknown'].map(
            (status) => `--tool-${status}`,
          ),
          ['agent', 'llm', 'tool', 'retriever', 'guardrail', 'chain'].map(
            (kind) => `--kind-${kind}`,
          ),
          ['--p50', '--p95', '--p99', '--baseline', '--cat-other'],
        );
      const list = [];
      for (const ground of grounds) {
        for (const text of texts) if (contrast(text, ground) < 4.5) list.push([text, ground]);
        for (const mark of marks) if (contrast(mark, ground) < 3) list.push([mark, ground]);
      }
      for (const tone of ['good', 'warn', 'bad', 'accent']) {
        if (contrast(`--${tone}`, `--${tone}-soft`) < 4.5) list.push([tone, 'soft']);
      }
      probe.remove();
      return list;
    });
    assert.deepEqual(weak, [], colorScheme);
  }
});
