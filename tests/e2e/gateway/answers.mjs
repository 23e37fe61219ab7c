// What providers answer, in their own wire formats: whole bodies and the events of streams. Field
// order, blank lines and line ends are those of the providers.

import { calcPrice } from '@pydantic/genai-prices';

export const CLAUDE = 'claude-sonnet-5';
export const GPT = 'gpt-5-mini';
export const EMBEDDING = 'text-embedding-3-small';
export const GEMINI = 'gemini-2.5-flash';

const DATE = 'Fri, 20 Nov 2026 12:00:00 GMT';

// Headers that real answers carry and that real clients read.
export const ANTHROPIC_HEADERS = {
  Date: DATE,
  'request-id': 'req_011CSHoEeqs5C35K2UUqR7Fy',
  'anthropic-organization-id': '3f4ed1a2-0d2e-4c5b-9c34-2d7e7a1b5c11',
  'anthropic-ratelimit-requests-limit': '4000',
  'anthropic-ratelimit-requests-remaining': '3999',
  'anthropic-ratelimit-requests-reset': '2026-11-20T12:00:01Z',
  'anthropic-ratelimit-unified-status': 'allowed_warning',
  'anthropic-ratelimit-unified-5h-utilization': '0.91',
  'Set-Cookie': '_cfuvid=a; path=/',
  Server: 'cloudflare',
};
export const OPENAI_HEADERS = {
  Date: DATE,
  'x-request-id': 'req_8d1f6bb4a0c14f6f',
  'openai-processing-ms': '412',
  'openai-version': '2020-10-01',
  'openai-organization': 'acme',
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-tokens': '1999000',
  'x-ratelimit-reset-tokens': '6m0s',
};
export const GEMINI_HEADERS = {
  Date: DATE,
  'Content-Type': 'application/json; charset=UTF-8',
  Vary: 'Origin',
  Server: 'scaffolding on HTTPServer2',
  'X-Gemini-Service-Tier': 'standard',
};

// ---- Anthropic Messages

export const anthropicUsage = (more = {}) => ({
  input_tokens: 25,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  output_tokens: 15,
  service_tier: 'standard',
  ...more,
});

export const message = (content, more = {}) => ({
  id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  type: 'message',
  role: 'assistant',
  model: CLAUDE,
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: anthropicUsage(),
  ...more,
});

export const text = (words) => ({ type: 'text', text: words });
export const toolUse = (id, name, input) => ({ type: 'tool_use', id, name, input });

const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
export const PING = event({ type: 'ping' });

function blockEvents(block, index) {
  const start = (content_block) => event({ type: 'content_block_start', index, content_block });
  const delta = (one) => event({ type: 'content_block_delta', index, delta: one });
  const stop = event({ type: 'content_block_stop', index });
  const pieces = (words) => words.match(/.{1,9}/gsu) ?? [];
  if (block.type === 'text') {
    const deltas = pieces(block.text).map((one) => delta({ type: 'text_delta', text: one }));
    return [start({ type: 'text', text: '' }), ...deltas, stop];
  }
  if (block.type === 'thinking') {
    const deltas = pieces(block.thinking).map((thinking) =>
      delta({ type: 'thinking_delta', thinking }),
    );
    const signature = delta({ type: 'signature_delta', signature: block.signature });
    return [start({ type: 'thinking', thinking: '', signature: '' }), ...deltas, signature, stop];
  }
  const json = pieces(JSON.stringify(block.input)).map((partial_json) =>
    delta({ type: 'input_json_delta', partial_json }),
  );
  const first = delta({ type: 'input_json_delta', partial_json: '' });
  return [start({ ...block, input: {} }), first, ...json, stop];
}

// The events of `whole` as a stream.
export function messageEvents(whole) {
  const opening = { ...whole.usage, output_tokens: 1 };
  return [
    event({
      type: 'message_start',
      message: { ...whole, content: [], stop_reason: null, stop_sequence: null, usage: opening },
    }),
    PING,
    ...whole.content.flatMap(blockEvents),
    event({
      type: 'message_delta',
      delta: { stop_reason: whole.stop_reason, stop_sequence: whole.stop_sequence },
      usage: {
        input_tokens: whole.usage.input_tokens,
        cache_creation_input_tokens: whole.usage.cache_creation_input_tokens,
        cache_read_input_tokens: whole.usage.cache_read_input_tokens,
        output_tokens: whole.usage.output_tokens,
      },
    }),
    event({ type: 'message_stop' }),
  ];
}

export const anthropicError = (type, words, more = {}) => ({
  type: 'error',
  error: { type, message: words, ...more },
  request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy',
});
export const anthropicErrorEvent = (type, words) =>
  `event: error\ndata: ${JSON.stringify(anthropicError(type, words))}\n\n`;

// ---- OpenAI Chat Completions

export const chatUsage = (more = {}) => ({
  prompt_tokens: 1200,
  completion_tokens: 90,
  total_tokens: 1290,
  prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 64,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
  ...more,
});

export const chat = (words, more = {}) => ({
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1_795_176_000,
  model: `${GPT}-2025-08-07`,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: words, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: chatUsage(),
  service_tier: 'default',
  system_fingerprint: null,
  ...more,
});

export const chatTools = (...calls) =>
  chat(null, {
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: calls.map(([id, name, args]) => ({
            id,
            type: 'function',
            function: { name, arguments: JSON.stringify(args) },
          })),
          refusal: null,
        },
        logprobs: null,
        finish_reason: 'tool_calls',
      },
    ],
  });

const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
export const DONE = 'data: [DONE]\n\n';

// The events of `whole` as a stream; as the provider does, with usage only for those who ask.
export function chatEvents(whole, includeUsage = true) {
  const { id, created, model, service_tier, system_fingerprint } = whole;
  const base = { id, object: 'chat.completion.chunk', created, model, service_tier };
  const frame = (choices, usage = null) =>
    data({ ...base, system_fingerprint, choices, ...(includeUsage && { usage }) });
  const { message: said, finish_reason } = whole.choices[0];
  const delta = (one, finish = null) => [
    { index: 0, delta: one, logprobs: null, finish_reason: finish },
  ];
  const frames = [frame(delta({ role: 'assistant', content: said.content && '', refusal: null }))];
  for (const words of said.content?.match(/.{1,9}/gsu) ?? []) {
    frames.push(frame(delta({ content: words })));
  }
  for (const [index, { id: call, function: made }] of (said.tool_calls ?? []).entries()) {
    const first = { index, id: call, type: 'function', function: { ...made, arguments: '' } };
    frames.push(frame(delta({ tool_calls: [first] })));
    for (const piece of made.arguments.match(/.{1,9}/gsu) ?? []) {
      frames.push(frame(delta({ tool_calls: [{ index, function: { arguments: piece } }] })));
    }
  }
  frames.push(frame(delta({}, finish_reason)));
  if (includeUsage) frames.push(frame([], whole.usage));
  return [...frames, DONE];
}

export const openAiError = (type, code, words, param = null) => ({
  error: { message: words, type, param, code },
});
export const openAiErrorFrame = (type, code, words) => data(openAiError(type, code, words));

// ---- OpenAI Responses

export const responseUsage = (more = {}) => ({
  input_tokens: 328,
  input_tokens_details: { cached_tokens: 128 },
  output_tokens: 52,
  output_tokens_details: { reasoning_tokens: 20 },
  total_tokens: 380,
  ...more,
});

export const outputText = (words, id = 'msg_67ccd2bf17f0819081ff3bb2cf6508e6') => ({
  id,
  type: 'message',
  status: 'completed',
  content: [{ type: 'output_text', annotations: [], logprobs: [], text: words }],
  role: 'assistant',
});
export const functionCall = (call_id, name, args) => ({
  id: `fc_${call_id}`,
  type: 'function_call',
  status: 'completed',
  arguments: JSON.stringify(args),
  call_id,
  name,
});

export const response = (output, more = {}) => ({
  id: 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b',
  object: 'response',
  created_at: 1_795_176_000,
  status: 'completed',
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  model: `${GPT}-2025-08-07`,
  output,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: 'medium', summary: null },
  service_tier: 'default',
  store: true,
  temperature: 1.0,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1.0,
  truncation: 'disabled',
  usage: responseUsage(),
  user: null,
  metadata: {},
  ...more,
});

export function responseEvents(whole, terminal = 'response.completed') {
  let sequence_number = 0;
  const frame = (type, more) =>
    `event: ${type}\n${data({ type, sequence_number: sequence_number++, ...more })}`;
  const open = { ...whole, status: 'in_progress', output: [], usage: null };
  const frames = [
    frame('response.created', { response: open }),
    frame('response.in_progress', { response: open }),
  ];
  for (const [output_index, item] of whole.output.entries()) {
    const at = { item_id: item.id, output_index };
    const begun = { ...item, status: 'in_progress' };
    if (item.type === 'function_call') {
      frames.push(
        frame('response.output_item.added', { output_index, item: { ...begun, arguments: '' } }),
      );
      for (const delta of item.arguments.match(/.{1,9}/gsu) ?? []) {
        frames.push(frame('response.function_call_arguments.delta', { ...at, delta }));
      }
      const { arguments: args } = item;
      frames.push(frame('response.function_call_arguments.done', { ...at, arguments: args }));
    } else {
      const [part] = item.content;
      const inPart = { ...at, content_index: 0 };
      frames.push(
        frame('response.output_item.added', { output_index, item: { ...begun, content: [] } }),
      );
      frames.push(frame('response.content_part.added', { ...inPart, part: { ...part, text: '' } }));
      for (const delta of part.text.match(/.{1,9}/gsu) ?? []) {
        frames.push(frame('response.output_text.delta', { ...inPart, delta, logprobs: [] }));
      }
      frames.push(frame('response.output_text.done', { ...inPart, text: part.text, logprobs: [] }));
      frames.push(frame('response.content_part.done', { ...inPart, part }));
    }
    frames.push(frame('response.output_item.done', { output_index, item }));
  }
  return [...frames, frame(terminal, { response: whole })];
}

// ---- Embeddings

export const embeddings = (vectors, encoding) => ({
  object: 'list',
  data: vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding:
      encoding === 'base64'
        ? Buffer.from(Float32Array.from(vector).buffer).toString('base64')
        : vector,
  })),
  model: EMBEDDING,
  usage: { prompt_tokens: 8, total_tokens: 8 },
});

// ---- Gemini

export const geminiUsage = (more = {}) => ({
  promptTokenCount: 40,
  candidatesTokenCount: 12,
  totalTokenCount: 60,
  cachedContentTokenCount: 16,
  thoughtsTokenCount: 8,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 40 }],
  ...more,
});

export const generated = (parts, more = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason: 'STOP', index: 0 }],
  usageMetadata: geminiUsage(),
  modelVersion: GEMINI,
  responseId: 'f8kfabCdE9mKz7IP',
  ...more,
});

// Its counts grow from event to event; the last one is the call's.
export function generatedEvents(...pieces) {
  const last = pieces.length - 1;
  return pieces.map((part, i) => {
    const final = i === last;
    const usageMetadata = final
      ? geminiUsage()
      : geminiUsage({ candidatesTokenCount: i + 1, totalTokenCount: 48 + i + 1 });
    const candidate = {
      content: { parts: [part], role: 'model' },
      ...(final && { finishReason: 'STOP' }),
      index: 0,
    };
    return `data: ${JSON.stringify({ ...generated([]), candidates: [candidate], usageMetadata })}\r\n\r\n`;
  });
}

export const geminiError = (code, status, words, details = []) => ({
  error: { code, message: words, status, ...(details.length && { details }) },
});

// ---- What a call costs

const USD = 1e9;

// Nano-USD by the price package itself. Usage in its own, inclusive buckets.
export function cost(provider, model, { input, output, cacheRead = 0, cacheWrite = 0 }) {
  const price = calcPrice(
    {
      input_tokens: input,
      cache_read_tokens: cacheRead,
      cache_write_tokens: cacheWrite,
      output_tokens: output,
    },
    model,
    { providerId: provider },
  );
  return Math.round(Number(price.total_price) * USD);
}
