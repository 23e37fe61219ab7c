// What a reader takes along of a trace or a span: a link, the JSON, how to ask for it by hand.

import { apiUrl } from 'api/client';

// A command with a place for the key, never with one.
export function curlOf(origin: string, traceId: string, spanId?: string): string {
  const path =
    spanId === undefined
      ? apiUrl('/api/v1/traces/{trace_id}', { trace_id: traceId })
      : apiUrl('/api/v1/traces/{trace_id}/spans/{span_id}', {
          trace_id: traceId,
          span_id: spanId,
        });
  return `curl -H "x-pitot-key: $PITOT_KEY" ${quoteShell(origin + path)}`;
}

function quoteShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

// The page with this span open, without what the reader searched or unfolded.
export function linkOf(origin: string, traceId: string, spanId?: string): string {
  const page = `${origin}/traces/${encodeURIComponent(traceId)}`;
  return spanId === undefined ? page : `${page}?span=${encodeURIComponent(spanId)}`;
}
