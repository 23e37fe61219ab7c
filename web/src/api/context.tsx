// The API for components: given by app/, a fake one in tests.

import { createContext, useContext, useEffect, useRef, useState } from 'react';
import type { Api } from './client';
import { openLive, type LiveState } from './live';
import type { LiveGap, LiveSpan } from './types';

const ApiContext = createContext<Api | null>(null);
export const ApiProvider = ApiContext.Provider;

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error('useApi outside of ApiProvider');
  return api;
}

// The live stream while `enabled`. The handlers may change from render to render.
export function useLive(
  enabled: boolean,
  q: string,
  onSpan: (event: LiveSpan) => void,
  onGap: (gap: LiveGap) => void,
): LiveState | 'off' {
  const [state, setState] = useState<LiveState>('connecting');
  const handlers = useRef({ onSpan, onGap });
  handlers.current = { onSpan, onGap };
  useEffect(() => {
    if (!enabled) return undefined;
    return openLive(q, {
      onSpan: (event) => handlers.current.onSpan(event),
      onGap: (gap) => handlers.current.onGap(gap),
      onState: setState,
    });
  }, [enabled, q]);
  return enabled ? state : 'off';
}
