// A span's tokens by bucket, with what each cost.

import { TOKEN_BUCKETS, type Span, type SpanDetails, type TokenBucket } from 'api/types';

const NAMES: Record<TokenBucket, string> = {
  input: 'Input',
  cache_read: 'Cache read',
  cache_write_5m: 'Cache write, 5 min',
  cache_write_1h: 'Cache write, 1 h',
  input_audio: 'Input audio',
  input_image: 'Input image',
  output: 'Output',
  reasoning: 'Reasoning',
  output_audio: 'Output audio',
  output_image: 'Output image',
};

export interface UsageRow {
  name: string;
  tokens: number;
  cost_usd: number | null;
}

export function usageRows(span: SpanDetails): UsageRow[] {
  return TOKEN_BUCKETS.map((bucket, i) => ({
    name: NAMES[bucket],
    tokens: span[`${bucket}_tokens`] ?? 0,
    // The store has 0 for buckets of a call that has no price.
    cost_usd: span.cost_usd === null ? null : (span.cost_by_bucket_usd?.[i] ?? null),
  })).filter((row) => row.tokens > 0);
}

export function totalTokens(span: Span): number {
  let sum = 0;
  for (const bucket of TOKEN_BUCKETS) sum += span[`${bucket}_tokens`] ?? 0;
  return sum;
}
