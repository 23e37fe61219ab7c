// Budgets, over a real gateway before a scripted provider: who burns them, what they refused, and
// making, changing, stopping and removing them as somebody new would.

import assert from 'node:assert/strict';
import { CLAUDE, anthropicUsage, message, text } from '../e2e/gateway/answers.mjs';
import { upstreamsAt } from '../e2e/gateway/pitot_gateway.mjs';
import { post } from '../e2e/gateway/raw.mjs';
import { json, startUpstream } from '../e2e/gateway/upstream.mjs';
import { shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';

const CASE = 'budgets';
const ASK = { model: CLAUDE, max_tokens: 100, messages: [{ role: 'user', content: 'Where?' }] };
// Costs a good part of what is set aside for it.
const ANSWER = message([text('x'.repeat(90))], { usage: anthropicUsage({ output_tokens: 95 }) });

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const row = (page, id) =>
  page.getByRole('grid', { name: 'Budgets' }).getByRole('row').filter({ hasText: id });

function gateway(budgets) {
  return async (t) => {
    const upstream = await startUpstream(t);
    upstream.on(CASE, json(200, ANSWER));
    return { config: { gateway: { budgets, upstreams: upstreamsAt(upstream.url) } } };
  };
}

const ask = (pitot, headers = {}) =>
  post(`${pitot.httpUrl}/anthropic/v1/messages`, ASK, { 'x-case': CASE, ...headers }).end;

// Calls of that user until one is refused.
async function burn(pitot, user) {
  for (let calls = 0; calls < 50; ++calls) {
    const { status } = await ask(pitot, { 'x-pitot-user': user, 'x-pitot-feature': 'checkout' });
    if (status === 402) return;
    assert.equal(status, 200);
  }
  assert.fail('the budget never refused');
}

const BUDGETS = [
  { id: 'daily', scope: 'global', window: 'day', limit_usd: 50 },
  // Rolling: a test that runs over midnight sees the same.
  {
    id: 'per-user.v2',
    scope: 'user',
    window: 'rolling',
    length: '36h',
    limit_usd: 0.02,
    hard: true,
  },
];

webTest(
  'who burns the budget, and what was refused for it',
  async ({ pitot, open }) => {
    await burn(pitot, 'buyer-1');
    assert.equal((await ask(pitot, { 'x-pitot-user': 'buyer-2' })).status, 200);
    await pitot.settled();
    const page = await open('/cost');
    await page.getByRole('navigation', { name: 'Cost' }).getByText('Budgets').click();
    await page.waitForURL(/\/cost\/budgets/);
    const users = row(page, 'per-user.v2');
    await users.getByText('refuses calls').waitFor();
    await users.getByText('each user').waitFor();
    await row(page, 'daily').getByText('within limit').waitFor();

    // Whose counter it is, and what was refused.
    await users.getByRole('button', { name: 'per-user.v2' }).click();
    await page.waitForURL(/budget=per-user\.v2/);
    const one = panel(page, 'Budget per-user.v2');
    const counters = one.getByRole('grid', { name: 'Counters' });
    await counters.getByText('buyer-1').waitFor();
    await counters.getByText('buyer-2').waitFor();
    await one.getByRole('searchbox', { name: 'One user' }).fill('buyer-2');
    await counters.getByText('buyer-1').waitFor({ state: 'detached' });
    const blocked = one.getByRole('region', { name: 'What it blocked' });
    await blocked.getByText('checkout, buyer-1').waitFor();
    assert.equal(await blocked.getByRole('listitem').count(), 1);
    // What stands in the file is changed there.
    assert.ok(await one.getByRole('button', { name: 'Edit' }).isDisabled());
    await one.getByText('It stands in pitot.yaml').waitFor();
    await one.getByRole('button', { name: 'More on budget per-user.v2' }).click();
    assert.ok(await page.getByRole('menuitem', { name: 'Remove' }).isDisabled());
    await page.keyboard.press('Escape');

    // The number leads to the traces of those calls, and to no others.
    await users.getByRole('link', { name: /1 calls refused/ }).click();
    await page.waitForURL(/\/traces\?.*pitot\.budget/);
    const traces = page.getByRole('grid', { name: 'Traces' }).getByRole('row');
    await traces.nth(1).waitFor();
    assert.equal(await traces.count(), 2);
  },
  gateway(BUDGETS),
);

webTest(
  'the first budget takes two clicks, and then all that can be done with it',
  async ({ pitot, open }) => {
    const page = await open('/cost/budgets', { expected: [/400 \(Bad Request\)/] });
    await page.getByText('No budget yet').waitFor();
    await checkAccessible(page);
    await shoot(page, 'budgets-empty');
    await page.getByRole('button', { name: /Each user, a day/ }).click();
    const form = page.getByRole('dialog', { name: 'New budget' });
    await form.getByText('Refuse').first().waitFor();
    await checkAccessible(page);
    await shoot(page, 'budgets-form');
    await form.getByRole('button', { name: 'Make the budget' }).click();
    await page.getByText('Budget per-user holds from now on').waitFor();
    await row(page, 'per-user').getByText('within limit').waitFor();
    assert.equal((await ask(pitot, { 'x-pitot-user': 'ada' })).status, 200);

    // Another by hand: what the server refuses stands at its field.
    await page.getByRole('button', { name: 'New budget' }).click();
    await form.getByLabel('Id').fill('per-user');
    await form.getByLabel('Limit, US dollars').fill('5');
    await form.getByRole('button', { name: 'Make the budget' }).click();
    await form.getByText('A budget with this id is there already.').waitFor();
    await form.getByLabel('Id').fill('team');
    await form.getByLabel('Over what').selectOption('feature');
    await form.getByLabel('Which ones').fill('chat*');
    await form.getByLabel('Time zone').fill('Nowhere/City');
    await form.getByRole('button', { name: 'Make the budget' }).click();
    await form.getByText(/timezone "Nowhere\/City" is not known/).waitFor();
    assert.equal(await form.getByLabel('Time zone').getAttribute('aria-invalid'), 'true');
    await form.getByLabel('Time zone').fill('Europe/Berlin');
    await form.getByText('The same as lines for pitot.yaml').click();
    await form.getByText('{id: team, scope: feature, match: "chat*", window: day').waitFor();
    await form.getByRole('button', { name: 'Make the budget' }).click();
    const team = panel(page, 'Budget team');
    await team.getByText('all features together, chat*').waitFor();

    // The limit is changed; then calls are stopped for a reason, and let through again with more.
    await team.getByRole('button', { name: 'Edit' }).click();
    const change = page.getByRole('dialog', { name: 'Change budget team' });
    await change.getByLabel('Limit, US dollars').fill('7.5');
    await change.getByRole('button', { name: 'Save' }).click();
    await team.getByText('$7.5000 in a day (Europe/Berlin)').waitFor();
    await team.getByRole('button', { name: 'Disable' }).click();
    const stop = page.getByRole('dialog', { name: 'Disable team' });
    await stop.getByLabel('Reason').fill('runs wild');
    await stop.getByRole('button', { name: 'Refuse its calls' }).click();
    await row(page, 'team').getByText('disabled').waitFor();
    await team.getByText('Disabled: runs wild.').waitFor();
    const refused = await ask(pitot, { 'x-pitot-feature': 'chat-1' });
    assert.equal(refused.status, 402);
    assert.match(refused.text, /runs wild/);
    await team.getByRole('button', { name: 'Enable' }).click();
    const go = page.getByRole('dialog', { name: 'Enable team' });
    await go.getByLabel('Extra, US dollars').fill('2');
    await go.getByRole('button', { name: 'Enable' }).click();
    await row(page, 'team').getByText('within limit').waitFor();
    assert.equal((await ask(pitot, { 'x-pitot-feature': 'chat-1' })).status, 200);
    await row(page, 'team').getByText('$9.5000').waitFor();

    await team.getByRole('button', { name: 'More on budget team' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    const sure = page.getByRole('dialog', { name: 'Remove budget team?' });
    await sure.getByRole('button', { name: 'Remove it' }).click();
    await page.getByText('Budget team is removed').waitFor();
    await row(page, 'team').waitFor({ state: 'detached' });
    assert.doesNotMatch(page.url(), /budget=/);
  },
  gateway([]),
);

webTest(
  'everybody can use it, at every width and in both themes',
  async ({ pitot, open }) => {
    await burn(pitot, 'buyer-1');
    await ask(pitot);
    await pitot.settled();
    for (const [colorScheme, width, height] of [
      ['light', 1280, 900],
      ['dark', 1280, 900],
      ['light', 390, 844],
    ]) {
      const page = await open('/cost/budgets?budget=per-user.v2', { colorScheme, width, height });
      const blocked = page.getByRole('region', { name: 'What it blocked' });
      await blocked.getByRole('listitem').first().waitFor();
      await checkAccessible(page);
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
      await shoot(page, `budgets-${colorScheme}-${width}`);
    }
  },
  gateway(BUDGETS),
);
