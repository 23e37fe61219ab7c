// A run with all that its story tells: a lead that asks a helper, a call that is repeated, one that is tried
// again, one that fails, a history that grows and is cached, and answers in Markdown.
//
//   await sendSpans(pitot, storyRun(ID, Date.now()));
//   storyRun(ID, start, { version: '8', wrong: true })  // The same run with another prompt, going wrong.

const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const text = (content) => ({ type: 'text', content });
const say = (role, ...parts) => ({ role, parts });

export const ANSWER = [
  '## Trains to Brno',
  '',
  'The **09:42** is the fastest, see [the timetable](https://trains.example/brno?day=mon).',
  '',
  '| train | leaves | seats |',
  '|---|---|--:|',
  '| RJ 73 | 09:42 | 12 |',
  '| EC 279 | 11:42 | 3 |',
  '',
  '- [x] checked `seats`',
  '- not checked: *delays*',
  '',
  '```json',
  '{"train": "RJ 73"}',
  '```',
  '',
  '![map of the line](https://images.example/map.png)',
].join('\n');

const SEARCH_SCHEMA = {
  type: 'object',
  properties: {
    from: { type: 'string' },
    to: { type: 'string' },
    day: { type: 'string', enum: ['mon', 'tue'] },
    seats: { type: 'integer', minimum: 1 },
  },
  required: ['from', 'to'],
  additionalProperties: false,
};
const TOOLS = [
  {
    type: 'function',
    name: 'search_trains',
    description: 'Finds trains',
    parameters: SEARCH_SCHEMA,
  },
  { type: 'function', name: 'ask_planner', description: 'Asks the planner', parameters: {} },
];

export function storyRun(traceId, startMs, { version = '7', wrong = false } = {}) {
  const spans = [];
  let at = startMs;
  const add = (parent, name, kind, ms, attrs = {}, more = {}) => {
    const span_id = hex(spans.length + 1, 16);
    spans.push({
      trace_id: traceId,
      span_id,
      ...(parent && { parent_id: parent }),
      name,
      kind,
      start: at / 1000,
      duration_ms: ms,
      attrs,
      ...more,
    });
    if (parent) at += ms + 5;
    return span_id;
  };
  const history = [say('user', text('Which train to **Brno** on Monday has two seats?'))];
  const system = [
    text(
      `You plan journeys (prompt ${version}).\nUse the tools.\n${wrong ? 'Be quick.' : 'Check the seats before you answer.'}`,
    ),
  ];
  let cached = 0;
  const call = (parent, output, more = {}) => {
    const input = more.input ?? history;
    const tokens = 900 + 400 * input.length;
    add(parent, 'chat gpt-5-mini', 'llm', 420, {
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-5-mini',
      'gen_ai.response.model': 'gpt-5-mini',
      'gen_ai.usage.input_tokens': tokens,
      'gen_ai.usage.cache_read.input_tokens': more.cold ? 0 : cached,
      'gen_ai.usage.output_tokens': 80,
      'gen_ai.system_instructions': JSON.stringify(system),
      'gen_ai.tool.definitions': JSON.stringify(TOOLS),
      'gen_ai.input.messages': JSON.stringify(input),
      'gen_ai.output.messages': JSON.stringify([output]),
      'gen_ai.response.finish_reasons': [
        output.parts.some(({ type }) => type === 'tool_call') ? 'tool_calls' : 'stop',
      ],
      ...more.attrs,
    });
    cached = tokens;
  };
  const tool = (parent, name, id, args, result, more = {}) => {
    add(
      parent,
      `execute_tool ${name}`,
      'tool',
      more.ms ?? 60,
      {
        'gen_ai.tool.name': name,
        'gen_ai.tool.call.id': id,
        'gen_ai.tool.status': more.status ?? 'success',
        'gen_ai.tool.call.arguments': JSON.stringify(args),
        ...(result !== undefined && { 'gen_ai.tool.call.result': JSON.stringify(result) }),
        ...(more.retries && { retry_count: more.retries }),
      },
      more.error ? { status: 'error', error: more.error } : {},
    );
    history.push(
      say('tool', { type: 'tool_call_response', id, response: result ?? { error: more.error } }),
    );
  };
  const chooses = (words, name, id, args) =>
    say('assistant', text(words), { type: 'tool_call', id, name, arguments: args });
  const turn = (parent, message, more) => {
    call(parent, message, more);
    history.push(message);
  };

  const root = add(null, 'plan a journey', 'agent', 0, {
    'gen_ai.agent.name': 'lead',
    feature: 'journeys',
    'session.id': 'journey-1',
    'gen_ai.prompt.name': 'journeys',
    'gen_ai.prompt.version': version,
  });
  const args = { from: 'Praha', to: 'Brno', day: 'mon', seats: 2 };
  const reason = 'The seats matter, so I search **with** them.';
  const first = chooses('I look for trains.', 'search_trains', 'c1', args);
  turn(root, { ...first, parts: [{ type: 'reasoning', content: reason }, ...first.parts] });
  tool(root, 'search_trains', 'c1', args, undefined, {
    status: 'timeout',
    error: 'no answer within 3 s',
    retries: 2,
    ms: 3000,
  });
  turn(root, chooses('Once more.', 'search_trains', 'c2', args));
  tool(root, 'search_trains', 'c2', args, { trains: ['RJ 73', 'EC 279'] });
  turn(root, chooses('And once more.', 'search_trains', 'c3', { ...args, seats: 2 }), {
    cold: true,
  });
  tool(root, 'search_trains', 'c3', args, { trains: ['RJ 73', 'EC 279'] });
  if (wrong) {
    const bad = { from: 'Praha', day: 'sun', seats: '2', class: 1 };
    turn(root, chooses('In first class?', 'search_trains', 'c5', bad));
    tool(root, 'search_trains', 'c5', bad, undefined, {
      status: 'invalid_args',
      error: 'to is missing',
    });
  }
  turn(root, chooses('I ask the planner.', 'ask_planner', 'c4', { question: 'Which one?' }));
  const asked = hex(spans.length + 1, 16);
  tool(root, 'ask_planner', 'c4', { question: 'Which one?' }, { train: 'RJ 73' }, { ms: 600 });
  at -= 600;
  const helper = add(asked, 'invoke_agent planner', 'agent', 500, {
    'gen_ai.agent.name': 'planner',
  });
  at -= 500;
  const longText = `The timetable of the day:\n${'RJ 73 leaves at 09:42 from Praha.\n'.repeat(400)}`;
  // It has a cache of its own.
  const ofLead = cached;
  cached = 0;
  call(helper, say('assistant', text('RJ 73 is the fastest.')), {
    input: [say('user', text('Which one?'), text(longText))],
  });
  cached = ofLead;
  at += 60;
  turn(root, say('assistant', text(wrong ? 'Take any train.' : ANSWER)));
  spans[0].duration_ms = at - startMs;
  if (wrong) Object.assign(spans[0], { status: 'error', error: 'the answer was not accepted' });
  return spans;
}
