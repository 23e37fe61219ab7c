// All that is compared of one run: its structure, its decisions, and what its agents were told first.

import { useQuery } from '@tanstack/react-query';
import { useApi } from 'api/context';
import { useGet } from 'api/query';
import type { Api } from 'api/client';
import { readSpan } from 'api/span';
import { readStoryPage, type StoryStep } from 'api/story';
import type { Json } from 'api/types';
import { readPiece } from 'widgets/message/content';

// More steps of a run than these are not aligned.
export const STEPS_MAX = 1_000;
const PAGE_STEPS = 250;
const TEXT_BYTES = 20_000;
const AGENTS_MAX = 6;

export interface Told {
  steps: StoryStep[];
  total: number;
  systems: ReadonlyMap<string, string>; // System prompts, by agent.
}

async function readTold(api: Api, traceId: string, signal: AbortSignal): Promise<Told> {
  const steps: StoryStep[] = [];
  let total = 0;
  let cursor: string | null = null;
  do {
    const options = { cursor, limit: PAGE_STEPS, textBytes: TEXT_BYTES };
    const page: Awaited<ReturnType<typeof readStoryPage>> = await readStoryPage(
      api,
      traceId,
      options,
      signal,
    );
    steps.push(...page.steps);
    total = page.total;
    cursor = page.next;
  } while (cursor !== null && steps.length < STEPS_MAX);

  const first = new Map<string, string>();
  for (const { agent = '', span_id } of steps) {
    if (!first.has(agent) && first.size < AGENTS_MAX) first.set(agent, span_id);
  }
  const systems = await Promise.all(
    [...first].map(async ([agent, spanId]): Promise<[string, string]> => {
      const span = await readSpan(api, traceId, spanId, signal);
      return [agent, span.system.map(textOfPiece).join('\n\n')];
    }),
  );
  return { steps, total, systems: new Map(systems) };
}

function textOfPiece(piece: Json): string {
  const read = readPiece(piece);
  if (read.type === 'missing') return `(not in the store any more: ${read.hash})`;
  if (read.type === 'value') {
    return typeof read.value === 'string' ? read.value : JSON.stringify(read.value, null, 2);
  }
  return read.parts
    .map((part) => ('text' in part ? part.text : JSON.stringify(part, null, 2)))
    .join('\n');
}

export function useRun(traceId: string) {
  const api = useApi();
  const structure = useGet('/api/v1/traces/{trace_id}', { trace_id: traceId }, { staleMs: 15_000 });
  const told = useQuery({
    queryKey: ['told', traceId],
    queryFn: ({ signal }) => readTold(api, traceId, signal),
    staleTime: 15_000,
  });
  return {
    structure: structure.data,
    told: told.data,
    error: structure.error ?? told.error,
    retry: () => {
      void structure.refetch();
      void told.refetch();
    },
  };
}
