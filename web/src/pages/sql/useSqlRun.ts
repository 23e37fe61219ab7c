// One statement at a time: run, stopped, answered. The last answer is kept while the pages are open, so
// that coming back to it costs nothing.

import { useCallback, useEffect, useRef, useState } from 'react';
import { useApi } from 'api/context';
import { readAnswer, type SqlAnswer } from './answer';

export type Run =
  | { phase: 'none' }
  | { phase: 'running'; sql: string; sinceMs: number }
  | { phase: 'stopped'; sql: string }
  | { phase: 'failed'; sql: string; error: Error }
  | { phase: 'done'; sql: string; answer: SqlAnswer; number: number };

const PATH = '/api/v1/sql';

let last: Run = { phase: 'none' };
let runs = 0;

export function useSqlRun(): { run: Run; start: (sql: string) => void; stop: () => void } {
  const api = useApi();
  const [run, setRun] = useState<Run>(last);
  const asked = useRef<AbortController | null>(null);
  const show = useCallback((next: Run) => {
    setRun(next);
    if (next.phase === 'done') last = next;
  }, []);

  const start = useCallback(
    (sql: string) => {
      asked.current?.abort();
      const controller = new AbortController();
      asked.current = controller;
      show({ phase: 'running', sql, sinceMs: Date.now() });
      const { signal } = controller;
      const read = async () => {
        let text = '';
        for await (const piece of api.sendPieces('POST', PATH, {}, { query: sql }, signal)) {
          text += piece;
        }
        return readAnswer(text);
      };
      read().then(
        (answer) => {
          if (!signal.aborted) show({ phase: 'done', sql, answer, number: ++runs });
        },
        (error: Error) => {
          if (!signal.aborted) show({ phase: 'failed', sql, error });
        },
      );
    },
    [api, show],
  );
  const stop = useCallback(() => {
    asked.current?.abort();
    setRun((now) => (now.phase === 'running' ? { phase: 'stopped', sql: now.sql } : now));
  }, []);
  useEffect(() => () => asked.current?.abort(), []);
  return { run, start, stop };
}
