// One run of an agent as a tree of spans, and what Pitot must make of it.

import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { calcPrice } from '@pydantic/genai-prices';

const agent = (name, children, attributes = {}) => ({
  kind: 'agent',
  name: `invoke_agent ${name}`,
  attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name, ...attributes },
  children,
});

const tool = (name, callId, more = {}) => ({
  kind: 'tool',
  name: `execute_tool ${name}`,
  attributes: {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': name,
    'gen_ai.tool.call.id': callId,
    'gen_ai.tool.call.arguments': JSON.stringify({ id: callId }),
  },
  ...more,
});

// usage: {input, output, cacheRead, cacheWrite, reasoning}; input includes the cached parts and
// output the reasoning, as OpenTelemetry's conventions have it.
const llm = (provider, model, finish, usage) => ({
  kind: 'llm',
  name: `chat ${model}`,
  model,
  provider,
  usage: { cacheRead: 0, cacheWrite: 0, reasoning: 0, ...usage },
  finish,
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': provider.otel,
    'gen_ai.request.model': model,
    'gen_ai.response.model': model,
    'gen_ai.response.finish_reasons': [finish.raw],
    'gen_ai.usage.input_tokens': usage.input,
    'gen_ai.usage.output_tokens': usage.output,
    ...(usage.cacheRead && { 'gen_ai.usage.cache_read.input_tokens': usage.cacheRead }),
    ...(usage.cacheWrite && { 'gen_ai.usage.cache_creation.input_tokens': usage.cacheWrite }),
    ...(usage.reasoning && { 'gen_ai.usage.reasoning.output_tokens': usage.reasoning }),
    'gen_ai.input.messages': JSON.stringify([
      { role: 'user', parts: [{ type: 'text', content: 'Where is order 48213? '.repeat(20) }] },
    ]),
  },
});

const ANTHROPIC = { otel: 'anthropic', prices: 'anthropic' };
const OPENAI = { otel: 'openai', prices: 'openai' };
const GEMINI = { otel: 'gcp.gemini', prices: 'google' };
const NOBODY = { otel: 'nobody', prices: 'nobody' };

export const RUN = agent(
  'planner',
  [
    llm(
      ANTHROPIC,
      'claude-sonnet-4-5',
      { raw: 'tool_use', name: 'tool_use' },
      { input: 12_345, cacheRead: 8_000, cacheWrite: 1_000, output: 321 },
    ),
    tool('find_order', 'call_1', { errorType: 'timeout', toolStatus: 'timeout' }),
    tool('find_order', 'call_2', { toolStatus: 'success' }),
    agent('researcher', [
      llm(
        OPENAI,
        'gpt-5-mini',
        { raw: 'tool_calls', name: 'tool_use' },
        { input: 2_001, cacheRead: 1_024, output: 777, reasoning: 512 },
      ),
      llm(
        GEMINI,
        'gemini-2.5-flash',
        { raw: 'MAX_TOKENS', name: 'length' },
        { input: 905, output: 64 },
      ),
    ]),
    llm(
      NOBODY,
      'a-model-without-a-price',
      { raw: 'stop', name: 'stop' },
      { input: 100, output: 10 },
    ),
  ],
  { feature: 'checkout-help', 'user.id': 'user-7', 'session.id': 'session-9' },
);

// The spans of `node` in depth-first order, each with its parent.
export function flatten(node, parent = undefined) {
  return [{ node, parent }, ...(node.children ?? []).flatMap((child) => flatten(child, node))];
}

// Records RUN with `tracer`; gives back the trace id and each node's span id.
export function record(tracer) {
  const spanIds = new Map();
  const visit = (node, parentContext) => {
    const kind = node.kind === 'llm' ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const span = tracer.startSpan(node.name, { kind, attributes: node.attributes }, parentContext);
    spanIds.set(node, span.spanContext().spanId);
    for (const child of node.children ?? []) visit(child, trace.setSpan(parentContext, span));
    if (node.errorType) {
      span.setAttribute('error.type', node.errorType);
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'no answer within 5 s' });
    }
    span.end();
    return span.spanContext().traceId;
  };
  return { traceId: visit(RUN, context.active()), spanIds };
}

// Nano-USD by the price package itself; null where it knows no price.
export function expectedCost({ model, provider, usage }) {
  const price = calcPrice(
    {
      input_tokens: usage.input,
      cache_read_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite,
      output_tokens: usage.output,
    },
    model,
    { providerId: provider.prices },
  );
  return price ? nanoUsd(price.total_price) : null;
}

export const nanoUsd = (usd) => (usd === null ? null : Math.round(Number(usd) * 1e9));

// Disjoint buckets, as Pitot keeps them.
export function expectedTokens({ usage }) {
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_read_tokens: usage.cacheRead,
    cache_write_5m_tokens: usage.cacheWrite,
    output_tokens: usage.output - usage.reasoning,
    reasoning_tokens: usage.reasoning,
  };
}
