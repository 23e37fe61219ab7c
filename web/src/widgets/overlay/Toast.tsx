// A short word on what was just done, or why it was not, at the corner of the page:
//
//   const say = useToast();
//   say('The budget was saved');  say(error.message, 'bad');

import {
  createContext,
  useCallback,
  useContext,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from 'react';
import { classes } from 'base/classes';
import type { Tone } from 'base/colors';
import { Icon } from 'widgets/figures/Icon';
import './Toast.css';

const SHOWN_MS = 6_000;
const SHOWN_MAX = 4;

interface Said {
  id: number;
  text: string;
  tone: Tone;
}

type Say = (text: string, tone?: Tone) => void;
const SayContext = createContext<Say>(() => {});

export function useToast(): Say {
  return useContext(SayContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [list, setList] = useState<readonly Said[]>([]);
  const next = useRef(0);
  const drop = useCallback(
    (id: number) => setList((all) => all.filter((one) => one.id !== id)),
    [],
  );
  const say = useCallback<Say>(
    (text, tone = 'good') => {
      const id = ++next.current;
      setList((all) => [...all, { id, text, tone }].slice(-SHOWN_MAX));
      // What went wrong stays until it was read.
      if (tone !== 'bad') setTimeout(() => drop(id), SHOWN_MS);
    },
    [drop],
  );
  return (
    <SayContext.Provider value={useMemo(() => say, [say])}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {list.map(({ id, text, tone }) => (
          <div key={id} className={classes('toast', `toast-${tone}`)}>
            <span>{text}</span>
            <button
              type="button"
              className="button plain small"
              aria-label="Close"
              onClick={() => drop(id)}
            >
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
    </SayContext.Provider>
  );
}
