import type { Answer } from 'api/types';

type Receipts = Answer<'/api/v1/receipts'>;
export type DropTotal = Receipts['totals'][number];

// Promised are 2 s (p99) from the acknowledgement to the answer.
const LAG_MAX_MS = 5_000;

export interface Troubles {
  drops: readonly DropTotal[]; // Lost first; what is for information only is left to its page.
  lagMs: number | null; // When what is received shows too late.
  errors: readonly string[]; // The store's own.
}

export function troublesOf(receipts: Receipts): Troubles {
  const rank = { data_loss: 0, warning: 1, info: 2 };
  const drops = receipts.totals
    .filter(({ severity, count }) => severity !== 'info' && count > 0)
    .sort((a, b) => rank[a.severity] - rank[b.severity] || b.count - a.count);
  const store = receipts.store as { lag_ms?: unknown; error?: unknown; flush_error?: unknown };
  const lag = typeof store.lag_ms === 'number' ? store.lag_ms : 0;
  const waiting = Number((receipts.spool as { pending_bytes?: unknown }).pending_bytes) > 0;
  return {
    drops,
    lagMs: waiting && lag > LAG_MAX_MS ? lag : null,
    errors: [store.error, store.flush_error].filter(
      (text): text is string => typeof text === 'string' && text !== '',
    ),
  };
}
