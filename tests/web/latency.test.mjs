// The page of latency: when calls took how long, of whom, and which traces those are.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { fillHistory, STORY } from './sample.mjs';

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const heat = (page) => page.getByRole('application', { name: /^Heat map of/ });

// Where in a heat map cells are, as shares of its width and height.
async function drag(page, [x0, y0], [x1, y1]) {
  const { width, height } = await heat(page).boundingBox();
  // Waits until it stands still.
  await heat(page).hover({ position: { x: width * x0, y: height * y0 } });
  const box = await heat(page).boundingBox();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * x1, box.y + box.height * y1, { steps: 4 });
  await page.mouse.up();
}

webTest('the slow hour is seen, and a drag leads to its traces', async ({ pitot, open }) => {
  await fillHistory(pitot);
  const page = await open('/latency');
  const map = panel(page, 'Heat map of model calls');
  await heat(page).waitFor();
  const total = Number(
    (await map.getByText(/^[\d,]+ model calls$/).innerText()).replace(/\D/g, ''),
  );
  assert.ok(total > 500, `${total} calls`);

  // The whole of it: as many calls as the map says.
  await drag(page, [0.001, 0.001], [0.999, 0.999]);
  const chosen = panel(page, 'Traces of the chosen cells');
  await chosen.getByRole('row').nth(50).waitFor();
  await chosen.getByText('The newest 50').waitFor();
  const { searchParams } = new URL(page.url());
  assert.match(searchParams.get('cells'), /^2.*Z_2.*Z_[\d.]+_[\d.]+$/);

  // The top rows: calls that took longest. Their traces, and the same on the page of traces.
  await drag(page, [0.001, 0.001], [0.999, 0.05]);
  const rows = chosen.getByRole('grid').getByRole('row');
  await page.waitForFunction(() => {
    const list = document.querySelectorAll('[aria-label="Traces of the chosen cells"] [role=row]');
    return list.length > 1 && list.length < 50;
  });
  const slow = (await rows.count()) - 1;
  await chosen.getByRole('link', { name: 'In Traces' }).click();
  await page.waitForURL(/\/traces\?.*duration/);
  await page.waitForFunction(
    (count) =>
      document.querySelectorAll('[role=grid][aria-label="Traces"] [role=row]').length === count,
    slow + 1,
  );
  await page.goBack();
  await chosen.waitFor();
  await rows.nth(1).getByRole('link').click();
  await page.waitForURL(/\/traces\/[0-9a-f]{32}/);
  await page.goBack();

  // Closer: the time of the cells becomes the window of the page.
  await chosen.getByRole('button', { name: 'Zoom' }).click();
  await page.waitForURL(/since=2.*until=2/);
  await chosen.getByRole('button', { name: 'Clear' }).click();
  await chosen.waitFor({ state: 'detached' });
  assert.deepEqual(await refusals(page), []);
  const painted = await page.evaluate(() => performance.getEntriesByName('heat-map-paint').length);
  assert.ok(painted > 0);
});

webTest('the map is used by keys, and is there as a table', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 150 });
  const page = await open('/latency');
  const map = panel(page, 'Heat map of model calls');
  await heat(page).focus();
  // From the newest column, lowest row; the whole height of it, and some columns back.
  await page.keyboard.press('ArrowLeft');
  for (let i = 0; i < 20; ++i) await page.keyboard.press('Shift+ArrowUp');
  for (let i = 0; i < 12; ++i) await page.keyboard.press('Shift+ArrowLeft');
  const told = await map.getByRole('status').innerText();
  assert.match(told, /\d+ model calls/);
  await page.keyboard.press('Enter');
  const chosen = panel(page, 'Traces of the chosen cells');
  await chosen.getByRole('row').nth(1).waitFor();
  await heat(page).focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await chosen.waitFor({ state: 'detached' });

  await map.getByRole('button', { name: /as a table/ }).click();
  const table = map.getByRole('table');
  const cell = table.getByRole('button').first();
  const calls = Number(await cell.innerText());
  await cell.click();
  await chosen.getByRole('row').nth(1).waitFor();
  const traces = (await chosen.getByRole('grid').getByRole('row').count()) - 1;
  assert.ok(traces >= 1 && traces <= calls, `${traces} traces of ${calls} calls`);

  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('show the traces of the cells').waitFor();
});

webTest('percentiles are compared, and narrow the page', async ({ pitot, open }) => {
  await fillHistory(pitot);
  const page = await open('/latency');
  const models = panel(page, 'Percentiles by model').getByRole('grid');
  await models.getByRole('row').nth(4).waitFor();
  const row = models.getByRole('row').filter({ hasText: 'gpt-5-mini' });
  await row.getByRole('img', { name: /^p50 .*, p95 .*, p99 / }).waitFor();

  // Tools have no first token.
  await page.getByRole('button', { name: 'Tool calls' }).click();
  await page.waitForURL(/of=tool/);
  const tools = panel(page, 'Percentiles by tool').getByRole('grid');
  const flaky = tools.getByRole('row').filter({ hasText: STORY.flakyTool });
  await flaky.getByText('3.00 s').first().waitFor();
  assert.equal(await tools.getByRole('columnheader', { name: 'First token' }).count(), 0);
  await flaky.getByRole('link').click();
  await page.waitForURL(/\/traces\?.*tool_name/);
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await page.goBack();
  await flaky.getByRole('button', { name: `Only ${STORY.flakyTool}` }).click();
  await page.waitForURL(/q=tool_name/);
  await page.waitForFunction(
    () => document.querySelectorAll('[aria-label="Percentiles by tool"] [role=row]').length === 2,
  );

  // Over time, by group; a link shows the same.
  const other = await open('/latency?by=prompt_name%2Cprompt_version&lines=p95');
  await panel(other, 'Duration of model calls')
    .getByRole('button', { name: `${STORY.prompt.name} · ${STORY.prompt.before}` })
    .waitFor();
  await panel(other, 'Time to the first token').locator('.u-over').waitFor();
  await panel(other, 'Tokens per second').locator('.u-over').waitFor();
  const versions = panel(other, 'Percentiles by prompt version').getByRole('grid');
  await versions.getByText(`${STORY.prompt.name} · ${STORY.prompt.after}`).waitFor();
  await other.getByRole('button', { name: 'Runs' }).click();
  await panel(other, 'Heat map of runs').getByText('300 runs').waitFor();
});

webTest('nothing there, a wrong filter, and errors in words', async ({ pitot, open }) => {
  const empty = await open('/latency');
  await empty.getByRole('heading', { name: 'No traces yet' }).waitFor();
  await fillHistory(pitot, { runs: 40 });
  const page = await open('/latency?q=model+%3D+nobody', {
    expected: [/400 \(Bad Request\)/, /500 \(Internal/],
  });
  await panel(page, 'Heat map of model calls').getByText('No model calls here').waitFor();
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.fill('modl = x');
  await filter.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'did you mean "model"?' }).waitFor();

  await page.route('**/latency/heatmap*', (route) =>
    route.fulfill({ status: 500, body: '{"error":{"code":"x","message":"the store is away"}}' }),
  );
  await filter.fill('');
  await filter.press('Enter');
  const map = panel(page, 'Heat map of model calls');
  await map.getByText('the store is away').waitFor();
  await page.unroute('**/latency/heatmap*');
  await map.getByRole('button', { name: 'Try again' }).click();
  await heat(page).waitFor();
});

webTest('at every width and in both themes', async ({ pitot, open }) => {
  await fillHistory(pitot);
  for (const [colorScheme, width, height] of [
    ['light', 1280, 1500],
    ['dark', 1280, 1500],
    ['light', 390, 844],
  ]) {
    const page = await open('/latency', { colorScheme, width, height });
    await page.locator('.u-over').nth(2).waitFor();
    await heat(page).waitFor();
    if (width > 400) {
      await drag(page, [0.3, 0.1], [0.4, 0.4]);
      await panel(page, 'Traces of the chosen cells').getByRole('row').nth(1).waitFor();
    }
    await panel(page, 'Percentiles by model').getByRole('row').nth(1).waitFor();
    await checkAccessible(page);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
    await shoot(page, `latency-${colorScheme}-${width}`);
  }
});
