// How tool calls ended, in one figure and in one word.

import type { Schema } from 'api/types';
import { TOOL_STATUSES, type AnyToolStatus } from 'base/colors';

interface Counted {
  calls: number;
  status: Schema<'StatusCounts'>;
}

const GOOD: readonly AnyToolStatus[] = ['success', 'unknown'];
const BAD = TOOL_STATUSES.filter((status) => !GOOD.includes(status));

// Calls that neither succeeded nor said nothing of it.
export function failedCalls({ status }: Pick<Counted, 'status'>): number {
  return BAD.reduce((sum, name) => sum + status[name], 0);
}

// The same, of all calls.
export function failingShare({ calls, status }: Counted): number {
  return calls > 0 ? failedCalls({ status }) / calls : 0;
}

// The way in which most of the failed ones failed; null when none did.
export function worstStatus({ status }: Counted): AnyToolStatus | null {
  const [worst] = [...BAD].sort((a, b) => status[b] - status[a]);
  return worst !== undefined && status[worst] > 0 ? worst : null;
}
