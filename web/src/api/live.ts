// The live stream: spans as they start and end. Reconnects by itself and resumes where it was; while
// the tab is hidden it is closed, since a browser allows only a few connections to one server.

import { apiUrl } from './client';
import type { LiveGap, LiveSpan } from './types';

export type LiveState = 'connecting' | 'open' | 'retrying' | 'paused';

export interface LiveHandlers {
  onSpan(event: LiveSpan): void;
  onGap(gap: LiveGap): void;
  onState(state: LiveState): void;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 15_000;

// Returns how to end it.
export function openLive(q: string, handlers: LiveHandlers): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = RETRY_FIRST_MS;
  let lastId = '';

  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };

  const open = () => {
    close();
    if (document.hidden) return handlers.onState('paused');
    handlers.onState('connecting');
    source = new EventSource(apiUrl('/api/v1/live', { q, last_event_id: lastId }));
    source.onopen = () => {
      retryMs = RETRY_FIRST_MS;
      handlers.onState('open');
    };
    // Also after an answer that is no stream, which EventSource does not try again.
    source.onerror = () => {
      close();
      handlers.onState('retrying');
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
    };
    source.addEventListener('span', (event: MessageEvent<string>) => {
      lastId = event.lastEventId || lastId;
      handlers.onSpan(JSON.parse(event.data) as LiveSpan);
    });
    source.addEventListener('gap', (event: MessageEvent<string>) => {
      lastId = event.lastEventId || lastId;
      handlers.onGap(JSON.parse(event.data) as LiveGap);
    });
  };

  document.addEventListener('visibilitychange', open);
  open();
  return () => {
    document.removeEventListener('visibilitychange', open);
    close();
  };
}
