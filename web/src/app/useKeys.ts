import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { Carried } from 'base/carried';
import { CHORD_MS, isTyping, stepKey } from './keys';
import { PLACES } from './pages';

// Listens for the keys of every page. What a page handles itself it keeps by preventDefault().
export function useKeys(carried: Carried, onHelp: () => void): void {
  const navigate = useNavigate();
  const gAt = useRef(-Infinity);
  const latest = useRef({ carried, onHelp, navigate });
  latest.current = { carried, onHelp, navigate };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (document.querySelector('dialog[open]')) return;
      const afterG = event.timeStamp - gAt.current < CHORD_MS;
      gAt.current = -Infinity;
      const action = stepKey(
        {
          key: event.key,
          modified: event.ctrlKey || event.metaKey || event.altKey,
          typing: isTyping(event.target),
          taken: event.defaultPrevented,
        },
        afterG,
      );
      if (action.do === 'wait') gAt.current = event.timeStamp;
      else if (action.do === 'help') latest.current.onHelp();
      else if (action.do === 'filter') focusFilter(event);
      else if (action.do === 'go') {
        const place = PLACES.find(({ key }) => key === action.key);
        if (!place) return;
        event.preventDefault();
        const search = place.plain ? {} : latest.current.carried;
        void latest.current.navigate({ to: place.path, search: search as never });
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

function focusFilter(event: KeyboardEvent): void {
  const filter = document.querySelector<HTMLElement>('[aria-keyshortcuts="/"]');
  if (!filter) return;
  event.preventDefault(); // Or the key would be typed into it.
  filter.focus();
}
