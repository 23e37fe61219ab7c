// Spans for unit tests.

import type { Span } from 'api/types';

export function makeSpan(
  id: string,
  parent: string | null,
  offset_ms: number,
  more: Partial<Span> = {},
): Span {
  return {
    span_id: id,
    ...(parent !== null && { parent_span_id: parent }),
    name: `span ${id}`,
    kind: 'span',
    started_at: '2026-11-20T00:00:00Z',
    offset_ms,
    duration_ms: 10,
    status: 'ok',
    cost_usd: null,
    ...more,
  };
}
