// The window before a window, as long as it, for comparisons.

import { boundsOf, lengthMs } from 'base/range';

export interface WindowParams {
  since: string;
  until: string;
}

// A window that ends now stays one: "24h" is compared with "48h" until "24h", so that the same question
// is asked each time. Others are told by their times, in whole minutes.
export function windowBefore(
  since: string,
  until: string | undefined,
  nowMs: number,
): WindowParams {
  const length = lengthMs(since);
  if (until === undefined && length !== null) {
    return { since: `${(2 * length) / 1000}s`, until: `${length / 1000}s` };
  }
  const { fromMs, toMs } = boundsOf(since, until, Math.floor(nowMs / 60_000) * 60_000);
  return {
    since: new Date(fromMs - (toMs - fromMs)).toISOString(),
    until: new Date(fromMs).toISOString(),
  };
}

// By which share a sum changed; null where there is nothing to compare with.
export function changeOf(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before <= 0) return null;
  return now / before - 1;
}
