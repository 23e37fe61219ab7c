// Runs one tool call in a span of its own, in one of the ways a tool call can go.

import { SpanKind } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import { inSpan } from './telemetry.mjs';

export class ToolError extends Error {
  constructor(message, errorType) {
    super(message);
    this.name = 'ToolError';
    this.errorType = errorType;
  }
}

const FAILURES = {
  timeout: (tool) => new ToolError(`${tool} did not answer in time`, 'timeout'),
  rate_limited: (tool) => new ToolError(`${tool}: 429 Too Many Requests`, 'rate_limited'),
  invalid_args: (tool) =>
    new ToolError(`${tool}: arguments do not match the schema`, 'invalid_args'),
};

// call: {id, name, arguments}. `failure` is a key of FAILURES or undefined; `work()` gives the
// result otherwise. `resends` counts the attempts before this one.
export function executeTool({ call, description, failure, resends = 0, waitMs, work }) {
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': call.name,
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.description': description,
    'gen_ai.tool.call.id': call.id,
    'gen_ai.tool.call.arguments': JSON.stringify(call.arguments),
  };
  if (resends > 0) attributes['http.request.resend_count'] = resends;
  return inSpan(
    `execute_tool ${call.name}`,
    { kind: SpanKind.INTERNAL, attributes },
    async (span) => {
      await sleep(waitMs);
      if (failure) throw FAILURES[failure](call.name);
      const result = await work();
      span.setAttribute('gen_ai.tool.call.result', JSON.stringify(result));
      return result;
    },
  );
}
