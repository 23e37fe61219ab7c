// Reads a trace while it still comes. The server writes each span on a line of its own, so that pieces of
// the answer can be parsed as they arrive: of 50,000 spans neither the reading nor the parsing shows.

import { ApiError, type Api } from 'api/client';
import type { Span, Trace, TraceStructure } from 'api/types';
import { createSlices, runInSlices } from './slices';
import { treeSteps, type SpanTree } from './tree';

export interface ReadTrace {
  trace: Trace;
  tree: SpanTree;
}

const HEAD = /^\{"trace":(\{.*?\}),\s*"spans":\[\s*/s;
const TAIL = /\s*\]\s*\}\s*$/;
const BREAK = ',\n'; // Between two spans. Texts in JSON hold no line breaks.

// Puts the pieces of an answer together.
export function createParser() {
  let rest = '';
  let trace: Trace | undefined;
  const spans: Span[] = [];
  const add = (text: string) => {
    if (text === '') return;
    for (const span of JSON.parse(`[${text}]`) as Span[]) spans.push(span);
  };
  return {
    put(piece: string) {
      rest += piece;
      if (trace === undefined) {
        const head = HEAD.exec(rest);
        if (head === null) return;
        trace = JSON.parse(head[1]!) as Trace;
        rest = rest.slice(head[0].length);
      }
      const cut = rest.lastIndexOf(BREAK);
      if (cut < 0) return;
      add(rest.slice(0, cut));
      rest = rest.slice(cut + BREAK.length);
    },
    // Throws when the answer ended too early.
    end(): TraceStructure {
      if (trace === undefined || !TAIL.test(rest)) {
        throw new ApiError(0, 'the trace has come in part only');
      }
      add(rest.replace(TAIL, ''));
      return { trace, spans };
    },
  };
}

export async function readTrace(
  api: Api,
  trace_id: string,
  signal?: AbortSignal,
): Promise<ReadTrace> {
  const parser = createParser();
  const slice = createSlices();
  for await (const piece of api.getPieces('/api/v1/traces/{trace_id}', { trace_id }, signal)) {
    parser.put(piece);
    await slice();
  }
  const { trace, spans } = parser.end();
  return { trace, tree: await runInSlices(treeSteps(spans)) };
}
