// How far a running trace has come, in milliseconds from its start, a few times a second: its open spans
// grow with it. Null while nothing runs.

import { useEffect, useState } from 'react';
import { parseTime } from 'base/format';

const STEP_MS = 250;
// For those who want less to move.
const CALM_STEP_MS = 2_000;

// `knownMs`: as far as spans are known to reach. A browser's clock may be behind the sender's.
export function useClock(running: boolean, startedAt: string, knownMs: number): number | null {
  const read = () => Math.max(knownMs, Date.now() - parseTime(startedAt));
  const [now, setNow] = useState(read);
  useEffect(() => {
    if (!running) return undefined;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const step = calm ? CALM_STEP_MS : STEP_MS;
    let last = -Infinity;
    let frame = requestAnimationFrame(function tick(time) {
      if (time - last >= step) {
        last = time;
        setNow(read());
      }
      frame = requestAnimationFrame(tick);
    });
    return () => cancelAnimationFrame(frame);
  }, [running, startedAt, knownMs]);
  return running ? Math.max(now, knownMs) : null;
}
