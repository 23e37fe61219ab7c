// The five questions, each answered within two clicks from the overview, as somebody new would click, on a
// server that sample agents send to.

import { webTest } from './browser.mjs';
import { fillHistory, runAgents, STORY } from './sample.mjs';

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });

webTest('each of the five questions is two clicks away', async ({ t, pitot, open }) => {
  await fillHistory(pitot);
  await runAgents(t, pitot, { turns: 12 });
  const page = await open('/');

  await t.test('what did an agent decide, and why?', async () => {
    await panel(page, 'What agents did')
      .getByRole('link')
      .filter({ hasText: 'invoke_agent' })
      .first()
      .click();
    await page.getByRole('tab', { name: 'Story' }).click();
    await page.getByText('decisions').first().waitFor();
    await page.getByText('New to it').first().waitFor();
    await page.getByText('Chose', { exact: true }).first().waitFor();
  });

  await t.test('which tools failed, and how?', async () => {
    await page.goto('/');
    await panel(page, 'Tools').getByRole('link', { name: 'Tools' }).click();
    const flaky = page
      .getByRole('grid')
      .first()
      .getByRole('row')
      .filter({ hasText: STORY.flakyTool });
    await flaky.getByText('timeout').waitFor();
    await flaky.click();
    await page
      .getByRole('region', { name: 'How calls ended over time' })
      .locator('.u-over')
      .waitFor();
  });

  await t.test('what did it cost?', async () => {
    await page.goto('/');
    await panel(page, 'Spend today').getByRole('link', { name: 'Cost' }).click();
    const table = page.getByRole('grid', { name: 'Cost by feature' });
    await table
      .getByRole('row')
      .filter({ hasText: STORY.burner })
      .getByText(/^\$\d/)
      .first()
      .waitFor();
    // What has no price is beside the sum, not in it.
    await page.getByText('without a price').first().waitFor();
  });

  await t.test('did the last prompt change make answers worse?', async () => {
    await page.goto('/');
    await panel(page, 'Quality since the last prompt change')
      .getByRole('link', { name: STORY.prompt.name })
      .click();
    await page
      .getByRole('region', { name: `Did ${STORY.prompt.name} get worse?` })
      .getByText('worse')
      .first()
      .waitFor();
  });

  await t.test('who is burning the budget?', async () => {
    await page.goto('/');
    await panel(page, 'Top burners').getByRole('button', { name: 'User' }).click();
    await panel(page, 'Top burners').getByRole('link', { name: 'ada' }).click();
    await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  });
});
