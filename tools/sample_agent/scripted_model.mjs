// A model provider that answers from a script: no network, no key. It counts tokens as if it cached
// prompts, takes time, and now and then is overloaded.

import { SpanKind } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import { inSpan } from './telemetry.mjs';

// What providers call the same thing.
const PROVIDERS = {
  'claude-sonnet-5': {
    name: 'anthropic',
    idPrefix: 'msg_01',
    stop: 'end_turn',
    tool: 'tool_use',
    length: 'max_tokens',
    reportsCacheWrites: true,
    overloaded: { type: 'overloaded_error', text: '529 Overloaded' },
  },
  'gpt-5-mini': {
    name: 'openai',
    idPrefix: 'chatcmpl-',
    stop: 'stop',
    tool: 'tool_calls',
    length: 'length',
    reportsCacheWrites: false,
    overloaded: { type: 'rate_limit_exceeded', text: '429 Rate limit reached' },
  },
  'gemini-2.5-flash': {
    name: 'gcp.gemini',
    idPrefix: 'gm-',
    stop: 'STOP',
    tool: 'STOP',
    length: 'MAX_TOKENS',
    reportsCacheWrites: false,
    overloaded: { type: 'UNAVAILABLE', text: '503 The model is overloaded' },
  },
};

const OVERLOADED_PROBABILITY = 0.03;
const MAX_TOKENS = 1024;

class ModelError extends Error {
  constructor(message, errorType) {
    super(message);
    this.name = 'ModelError';
    this.errorType = errorType;
  }
}

const tokensOf = (value) => Math.ceil(JSON.stringify(value).length / 4);

export class ScriptedModel {
  #random;
  #pace;

  // `pace` stretches every wait: 1 is lifelike, 0 does not wait at all.
  constructor(random, pace) {
    this.#random = random;
    this.#pace = pace;
  }

  // Sends one request and gives back the assistant's message. Retries once when overloaded.
  // request: {model, conversation, system, tools, messages, prompt: {name, version}}, where
  // conversation: {id, cachedTokens}, updated here: what the provider's prompt cache holds of it.
  // answer: {parts, reasoningTokens?, cutOff?}: what the script lets the model say.
  async chat(request, answer) {
    try {
      return await this.#attempt(request, answer, 0);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      await sleep(300 * this.#pace);
      return this.#attempt(request, answer, 1);
    }
  }

  #attempt(request, answer, resends) {
    const provider = PROVIDERS[request.model];
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider.name,
      'gen_ai.request.model': request.model,
      'gen_ai.request.max_tokens': MAX_TOKENS,
      'gen_ai.request.temperature': 0.2,
      'gen_ai.request.stream': true,
      'gen_ai.conversation.id': request.conversation.id,
      'gen_ai.prompt.name': request.prompt.name,
      'gen_ai.prompt.version': request.prompt.version,
      'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: request.system }]),
      'gen_ai.input.messages': JSON.stringify(request.messages),
      'gen_ai.tool.definitions': JSON.stringify(request.tools),
    };
    if (resends > 0) attributes['http.request.resend_count'] = resends;
    return inSpan(`chat ${request.model}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
      const firstChunkMs = this.#random.between(180, 520);
      await sleep(firstChunkMs * this.#pace);
      if (this.#random.chance(OVERLOADED_PROBABILITY)) {
        throw new ModelError(provider.overloaded.text, provider.overloaded.type);
      }
      const finish = this.#finish(provider, answer);
      const message = { role: 'assistant', parts: answer.parts, finish_reason: finish };
      const usage = this.#usage(request, provider, answer);
      await sleep(usage['gen_ai.usage.output_tokens'] * 6 * this.#pace);
      span.setAttributes({
        ...usage,
        'gen_ai.response.id': provider.idPrefix + this.#random.hex(24),
        'gen_ai.response.model': request.model,
        'gen_ai.response.finish_reasons': [finish],
        'gen_ai.response.time_to_first_chunk': (firstChunkMs * this.#pace) / 1000,
        'gen_ai.output.messages': JSON.stringify([message]),
      });
      return { role: 'assistant', parts: answer.parts };
    });
  }

  #finish(provider, answer) {
    if (answer.cutOff) return provider.length;
    return answer.parts.some((part) => part.type === 'tool_call') ? provider.tool : provider.stop;
  }

  // The input count includes what the cache gave and took, as these providers' SDKs report it.
  #usage(request, provider, answer) {
    const input = tokensOf([request.system, request.tools, request.messages]);
    const cached = Math.min(request.conversation.cachedTokens, input);
    request.conversation.cachedTokens = input;
    const reasoning = answer.reasoningTokens ?? 0;
    const usage = {
      'gen_ai.usage.input_tokens': input,
      'gen_ai.usage.output_tokens': answer.cutOff ? MAX_TOKENS : tokensOf(answer.parts) + reasoning,
    };
    if (cached > 0) usage['gen_ai.usage.cache_read.input_tokens'] = cached;
    if (provider.reportsCacheWrites)
      usage['gen_ai.usage.cache_creation.input_tokens'] = input - cached;
    if (reasoning > 0) usage['gen_ai.usage.reasoning.output_tokens'] = reasoning;
    return usage;
  }
}
