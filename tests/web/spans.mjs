// Spans for tests, sent as JSON Lines. They are in every answer when sendSpans() is over.

const SEND_BYTES_MAX = 4 << 20;

export async function sendSpans(pitot, spans) {
  let body = '';
  const flush = async () => {
    const response = await fetch(`${pitot.httpUrl}/api/v1/spans`, { method: 'POST', body });
    if (!response.ok) throw new Error(`POST /spans: ${response.status} ${await response.text()}`);
    body = '';
  };
  for (const span of spans) {
    body += `${JSON.stringify(span)}\n`;
    if (body.length > SEND_BYTES_MAX) await flush();
  }
  if (body !== '') await flush();
  await pitot.settled();
}

const hex = (number, digits) => number.toString(16).padStart(digits, '0');

// An agent of `count` spans: turns of ten calls and tools each, a few of them with an error.
export function* largeTrace(traceId, count, startMs) {
  const span = (i, parent, kind, name, duration_ms, more = {}) => ({
    trace_id: traceId,
    span_id: hex(i, 16),
    ...(parent !== null && { parent_id: hex(parent, 16) }),
    kind,
    name,
    start: startMs + i * 10,
    duration_ms,
    ...more,
  });
  yield span(1, null, 'agent', 'large run', count * 10);
  let turn = 1;
  for (let i = 2; i <= count; ++i) {
    if (i % 10 === 2) {
      turn = i;
      yield span(i, 1, 'chain', `turn ${i}`, 90);
    } else if (i % 3 === 0) {
      const fails = i % 1000 === 3;
      const more = fails ? { status: 'error', error: `step ${i} failed` } : {};
      yield span(i, turn, 'tool', `execute_tool step_${i}`, 5, more);
    } else {
      const attrs = {
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-5-mini',
        'gen_ai.usage.input_tokens': 100 + i,
        'gen_ai.usage.output_tokens': 20,
      };
      yield span(i, turn, 'llm', 'chat gpt-5-mini', 9, { attrs });
    }
  }
}

// A planner that hands work to `workers` others, each of which calls a model and tools: every third one
// asks a checker, every fourth tool call fails, and the planner asks the first one again.
export function agentsTrace(traceId, workers, startMs) {
  const spans = [];
  let at = 0;
  const add = (parent, kind, name, attrs = {}, more = {}) => {
    const span = {
      trace_id: traceId,
      span_id: hex(spans.length + 1, 16),
      ...(parent && { parent_id: parent.span_id }),
      kind,
      name,
      start: (startMs + at) / 1000,
      duration_ms: 1,
      attrs,
      ...more,
    };
    spans.push(span);
    return span;
  };
  const end = (span) => (span.duration_ms = startMs + at - span.start * 1000);
  const call = (parent, step) => {
    const span = add(parent, 'llm', 'chat claude-sonnet-4-5', {
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet-4-5',
      'gen_ai.usage.input_tokens': 2_000 + 900 * step,
      'gen_ai.usage.cache_read.input_tokens': 800 * step,
      'gen_ai.usage.output_tokens': 150 + 40 * (step % 4),
    });
    at += 300 + 70 * (step % 5);
    end(span);
  };
  let tools = 0;
  const tool = (parent) => {
    const name = ['search', 'fetch_page', 'read_file'][tools % 3];
    const fails = ++tools % 4 === 0;
    const status = fails ? 'timeout' : 'success';
    const span = add(
      parent,
      'tool',
      `execute_tool ${name}`,
      { 'gen_ai.tool.name': name, 'gen_ai.tool.status': status },
      fails ? { status: 'error', error: `${name} took too long` } : {},
    );
    at += fails ? 900 : 120;
    end(span);
  };
  const agent = (parent, name, body) => {
    const span = add(parent, 'agent', `invoke_agent ${name}`, { 'gen_ai.agent.name': name });
    at += 5;
    body(span);
    at += 5;
    end(span);
  };
  const work = (parent, i) =>
    agent(parent, `worker-${i + 1}`, (span) => {
      call(span, i % 7);
      tool(span);
      if (i % 3 === 2) agent(span, 'checker', (checker) => call(checker, 1));
      call(span, (i % 7) + 1);
    });
  agent(null, 'planner', (root) => {
    for (let i = 0; i < workers; ++i) {
      call(root, i);
      work(root, i);
    }
    if (workers > 0) work(root, 0);
    call(root, workers);
  });
  return spans;
}

// What hostile input may look like, in every place that a page shows.
export const EVIL = [
  '<script>window.__xss = "script"</script>',
  '<img src=x onerror="window.__xss = \'img\'">',
  '[click](javascript:window.__xss="link") javascript:window.__xss="bare"',
  '<svg onload="window.__xss=\'svg\'"><iframe srcdoc="<script>parent.__xss=1</script>">',
  '\x1b[31mred\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07',
  '"><a href="javascript:window.__xss=\'a\'">a</a>',
].join('\n');

export function evilTrace(traceId, startMs) {
  const message = (role, parts) => ({ role, parts });
  const text = (content) => ({ type: 'text', content });
  const common = { trace_id: traceId, start: startMs };
  return [
    {
      ...common,
      span_id: hex(1, 16),
      name: `run ${EVIL}`,
      kind: 'agent',
      duration_ms: 50,
      status: 'error',
      error: { type: EVIL, message: EVIL },
      attrs: {
        feature: EVIL,
        'user.id': EVIL,
        'session.id': EVIL,
        [EVIL]: EVIL,
        nested: JSON.stringify({ [EVIL]: [EVIL] }),
      },
    },
    {
      ...common,
      span_id: hex(2, 16),
      parent_id: hex(1, 16),
      name: 'chat evil',
      kind: 'llm',
      duration_ms: 40,
      attrs: {
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': EVIL,
        'gen_ai.system_instructions': JSON.stringify([text(EVIL)]),
        'gen_ai.tool.definitions': JSON.stringify([
          { type: 'function', name: EVIL, description: EVIL },
        ]),
        'gen_ai.input.messages': JSON.stringify([
          message('user', [text(EVIL)]),
          message('tool', [{ type: 'tool_call_response', id: EVIL, response: { [EVIL]: EVIL } }]),
          message('user', [
            { type: 'uri', modality: 'image', uri: 'javascript:window.__xss="uri"' },
          ]),
        ]),
        'gen_ai.output.messages': JSON.stringify([
          message('assistant', [
            { type: 'reasoning', content: EVIL },
            { type: 'tool_call', id: EVIL, name: EVIL, arguments: { html: EVIL } },
          ]),
        ]),
      },
    },
  ];
}
