// One span with all it holds. The API leaves out what is empty; pages need not care.

import type { Api } from './client';
import type { SpanContents, SpanDetails } from './types';

const NO_CONTENTS: SpanContents = {
  input: [],
  output: [],
  system: [],
  tool_definitions: [],
  reasoning: [],
  tags: {},
  attributes: {},
  events: [],
  links: [],
};

export async function readSpan(
  api: Api,
  trace_id: string,
  span_id: string,
  signal?: AbortSignal,
): Promise<SpanDetails> {
  const path = '/api/v1/traces/{trace_id}/spans/{span_id}';
  const span = await api.get(path, { trace_id, span_id }, signal);
  return { ...NO_CONTENTS, ...span } as SpanDetails;
}
