// The story of a run: what the agent decided, why, and what came of it.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { evilTrace, sendSpans } from './spans.mjs';
import { ANSWER, storyRun } from './story_run.mjs';

const GOOD = 'a'.repeat(32);
const WRONG = 'b'.repeat(32);
const story = (page) => page.getByRole('region', { name: 'Story' });
const step = (page, n) => page.locator(`#step-${n}`);
const panelOf = (page) => page.getByRole('complementary', { name: 'Span' });

async function fill(pitot) {
  await sendSpans(pitot, storyRun(GOOD, Date.now() - 60_000));
  await sendSpans(pitot, storyRun(WRONG, Date.now() - 30_000, { version: '8', wrong: true }));
  await pitot.trace(GOOD, ({ spans }) => spans.length === 12);
  await pitot.trace(WRONG, ({ spans }) => spans.length === 14);
}

webTest('a run is told as decisions: what was new, why, what was chosen', async (it) => {
  const { pitot, open } = it;
  await fill(pitot);
  const page = await open(`/traces/${WRONG}`);
  await page.getByRole('tab', { name: 'Story' }).click();
  await page.waitForURL(/view=story/);

  // In short: how it ended, what was repeated, what went wrong.
  const head = page.getByRole('region', { name: 'The run in short' });
  await head.getByText('7 decisions').waitFor();
  await head.getByText('made the same call of search_trains 3 times').waitFor();
  await head.getByText('invalid args: to is missing').waitFor();
  await head.getByText('the last one before the run failed').waitFor();

  // What was new to the model, its reasoning, what it chose, what came of it.
  const first = step(page, 1);
  await first.getByText('Which train to Brno on Monday').waitFor();
  await first.getByText('The seats matter, so I search with them.').waitFor();
  await first.getByText('from: "Praha", to: "Brno", day: "mon", seats: 2').waitFor();
  await first.getByText('no answer within 3 s').waitFor();
  await first.getByText('2 retries').waitFor();

  // A result is joined to the call that asked for it, a repeated call is marked.
  const second = step(page, 2);
  await second.getByRole('button', { name: 'Result of search_trains' }).click();
  await second.getByText('no answer within 3 s').waitFor();
  await second.getByText('The same call as in step').waitFor();
  await second.getByRole('button', { name: 'chosen in step 1' }).click();
  await page.locator('#step-1[aria-current=step]').waitFor();

  // By keys through the steps; their details follow, and the address with them.
  await story(page).focus();
  await page.keyboard.press('j');
  await page.locator('#step-2[aria-current=step]').waitFor();
  await page.keyboard.press('Enter');
  await panelOf(page).getByRole('heading', { name: 'chat gpt-5-mini' }).waitFor();
  await page.keyboard.press('e');
  await page.locator('#step-4[aria-current=step]').waitFor();
  const { searchParams } = new URL(page.url());
  await page.keyboard.press('t');
  await page.getByRole('tab', { name: 'Timeline', selected: true }).waitFor();
  assert.notEqual(searchParams.get('span'), null);
  await page.goBack();
  await page.locator('#step-4[aria-current=step]').waitFor();

  // The agent that was asked, within the one that asked it.
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const helper = step(page, 6);
  await helper.getByText('asked by').waitFor();
  await helper.getByRole('button', { name: 'step 5, ask_planner' }).waitFor();
  // What is long is cut, and read when somebody wants it.
  const lines = () => helper.getByText('RJ 73 leaves at 09:42').allTextContents();
  const seen = (await lines()).join('').length;
  await helper
    .getByRole('button', { name: /^Show all \d/ })
    .first()
    .click();
  await page.waitForFunction(
    (before) => document.querySelector('#step-6').textContent.length > before + 8000,
    seen,
  );
});

webTest('what a call was given, what it cost, and what did not fit its tool', async (it) => {
  const { pitot, open } = it;
  await fill(pitot);
  const page = await open(`/traces/${WRONG}?view=context`);

  // The context of all calls, and where the cache was lost.
  const lost = page
    .getByRole('listitem')
    .filter({ hasText: 'tokens that call 2 had in the cache' });
  await lost.waitFor();
  await page.getByRole('grid', { name: 'Context of each call' }).getByText('cache lost').waitFor();
  await lost.getByRole('button', { name: 'Call 3' }).click();

  // Of one call, against the call before.
  const panel = panelOf(page);
  await panel.getByRole('tab', { name: 'Context', selected: true }).waitFor();
  await panel.getByText('2 added, 3 kept').waitFor();
  await panel.getByText(/It continues the context before/).waitFor();
  await panel.getByText('message 4 added').waitFor();
  await panel.getByText(/Tool results \d/).waitFor();
  await checkAccessible(page);
  await shoot(page, 'trace-context');

  await panel.getByRole('tab', { name: 'Usage and cost' }).click();
  await panel.getByText(/By list prices as of/).waitFor();
  await panel.getByRole('columnheader', { name: '× per million' }).waitFor();

  // A tool whose arguments are wrong: by path, in words.
  await page.goto(`/traces/${WRONG}?view=story`);
  await step(page, 1).waitFor();
  await story(page).press('e');
  await story(page).press('e');
  await step(page, 4).getByRole('button', { name: 'Details of search_trains' }).click();
  const wrong = panel.getByRole('list').filter({ hasText: 'is required and missing' });
  await wrong.getByText('must be one of "mon", "tue"; is "sun"').waitFor();
  await wrong.getByText('must be an integer, is a text: "2"').waitFor();
  await wrong.getByText('is not known to the tool').waitFor();
  await checkAccessible(page);
  await shoot(page, 'trace-arguments');
  await panel.getByRole('button', { name: 'In the timeline' }).click();
  await page.getByRole('tab', { name: 'Timeline', selected: true }).waitFor();
  await panel.getByRole('button', { name: 'In the story' }).click();
  await page.locator('#step-4[aria-current=step]').waitFor();
});

webTest('messages are Markdown, and lead nowhere by themselves', async ({ pitot, open }) => {
  await fill(pitot);
  const page = await open(`/traces/${GOOD}?view=story`);
  const head = page.getByRole('region', { name: 'The run in short' });
  await head.getByRole('heading', { name: 'Trains to Brno' }).waitFor();
  await head.getByRole('cell', { name: 'RJ 73' }).waitFor();
  await head.getByRole('button', { name: 'Show all' }).click();
  await head.getByText('image map of the line').waitFor();
  // A link shows where it leads, and is opened by a second click.
  await head.getByRole('button', { name: 'the timetable' }).click();
  const dialog = page.getByRole('dialog', { name: 'Open this address?' });
  await dialog.getByText('https://trains.example/brno?day=mon').waitFor();
  const link = dialog.getByRole('link', { name: 'Open in a new tab' });
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
  await dialog.getByRole('button', { name: 'Close' }).click();
  // As it was sent, when one prefers that.
  await head.getByRole('button', { name: 'Raw' }).click();
  await head.getByText('## Trains to Brno').waitFor();
  assert.ok((await head.textContent()).includes(ANSWER.split('\n')[2]));
  assert.deepEqual(await refusals(page), []);
});

webTest('whatever a story holds stays text', async ({ pitot, open }) => {
  const id = 'e'.repeat(32);
  await sendSpans(pitot, evilTrace(id, Date.now()));
  await pitot.trace(id, ({ spans }) => spans.length === 2);
  const page = await open(`/traces/${id}?view=story`);
  await step(page, 1).waitFor();
  const folded = story(page).locator('button[aria-expanded="false"]');
  for (let left = 30; left > 0 && (await folded.count()) > 0; --left) await folded.first().click();
  assert.ok(
    (await step(page, 1).textContent()).includes('<script>window.__xss = "script"</script>'),
  );
  const found = await page.evaluate(() => ({
    ran: window.__xss ?? null,
    elements: document.querySelectorAll('#root :is(script, iframe, object, embed)').length,
    images: document.querySelectorAll('#root img:not([src^="/assets/"])').length,
    links: [...document.links].filter((link) => link.protocol !== 'http:').length,
  }));
  assert.deepEqual(found, { ran: null, elements: 0, images: 0, links: 0 });
  assert.deepEqual(await refusals(page), []);
});

webTest('a thousand decisions are one list, and everybody can read it', async (it) => {
  const { pitot, open } = it;
  await fill(pitot);
  const id = 'c'.repeat(32);
  const start = Date.now() - 600_000;
  const long = [
    {
      trace_id: id,
      span_id: 'f'.repeat(16),
      name: 'long run',
      kind: 'agent',
      start,
      duration_ms: 500_000,
    },
  ];
  for (let i = 1; i <= 1000; ++i) {
    long.push({
      trace_id: id,
      span_id: i.toString(16).padStart(16, '0'),
      parent_id: 'f'.repeat(16),
      name: 'chat gpt-5-mini',
      kind: 'llm',
      start: start + i * 400,
      duration_ms: 300,
      attrs: {
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-5-mini',
        'gen_ai.input.messages': JSON.stringify([
          { role: 'user', parts: [{ type: 'text', content: `question ${i}` }] },
        ]),
        'gen_ai.output.messages': JSON.stringify([
          { role: 'assistant', parts: [{ type: 'text', content: `answer ${i}` }] },
        ]),
      },
    });
  }
  await sendSpans(pitot, long);
  await pitot.trace(id, ({ spans }) => spans.length === 1001);
  const page = await open(`/traces/${id}?view=story&span=${(900).toString(16).padStart(16, '0')}`);
  await step(page, 900).getByText('answer 900').waitFor();
  assert.ok((await page.locator('.step').count()) < 60, 'only steps in view are in the page');

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ]) {
    const seen = await open(`/traces/${WRONG}?view=story`, { colorScheme, width, height: 1300 });
    await step(seen, 1).getByText('2 retries').waitFor();
    await checkAccessible(seen);
    const sideways = await seen.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
    await shoot(seen, `story-${colorScheme}-${width}`);
  }
  const none = 'd'.repeat(32);
  await sendSpans(pitot, [
    { trace_id: none, span_id: '1'.repeat(16), name: 'job', kind: 'chain', start },
  ]);
  await pitot.trace(none, ({ spans }) => spans.length === 1);
  const empty = await open(`/traces/${none}?view=story`);
  await empty.getByText(/No model was called|No decision yet/).waitFor();
});
