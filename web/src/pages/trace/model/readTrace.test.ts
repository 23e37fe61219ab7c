import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from 'api/client';
import { createParser, readTrace } from 'pages/trace/model/readTrace';

const span = (n: number) =>
  `{"span_id":"${n}","name":"a,\\n b ]}","kind":"span","offset_ms":${n},"duration_ms":1,"status":"ok","cost_usd":null}`;
const answer = (spans: string[]) =>
  `{"trace":{"trace_id":"t","root_name":"\\"spans\\":["},\n"spans":[\n${spans.join(',\n')}]}`;

test('pieces of an answer, cut anywhere, are what the whole is', () => {
  for (const spans of [[], [span(1)], [span(1), span(2), span(3)]]) {
    const text = answer(spans);
    const whole = JSON.parse(text) as unknown;
    for (const size of [1, 7, 64, text.length]) {
      const parser = createParser();
      for (let at = 0; at < text.length; at += size) parser.put(text.slice(at, at + size));
      assert.deepEqual(parser.end(), whole, `${spans.length} spans by ${size}`);
    }
  }
});

test('an answer that ends too early is no trace', () => {
  const text = answer([span(1), span(2)]);
  for (const cut of [text.length - 1, text.length - 40, 20, 0]) {
    const parser = createParser();
    parser.put(text.slice(0, cut));
    assert.throws(() => parser.end(), /in part only/);
  }
});

test('a trace is read with its tree; what the server refuses is thrown', async () => {
  const good = createApi((async () => new Response(answer([span(2), span(1)]))) as typeof fetch);
  const { trace, tree } = await readTrace(good, 't');
  assert.equal(trace.trace_id, 't');
  assert.deepEqual([...tree.index.keys()], ['1', '2']);
  const bad = createApi(
    (async () =>
      new Response('{"error":{"message":"no trace t"}}', { status: 404 })) as typeof fetch,
  );
  await assert.rejects(readTrace(bad, 't'), /no trace t/);
});
