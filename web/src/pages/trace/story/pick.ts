// Where a span holds what a story tells the beginning of.

import type { Json, SpanDetails } from 'api/types';
import { readPiece, type Part } from 'widgets/message/content';

function parts(pieces: readonly Json[]): Part[] {
  return pieces.flatMap((piece) => {
    const read = readPiece(piece);
    return read.type === 'message' ? read.parts : [];
  });
}

export const pickMessage =
  (index: number) =>
  (span: SpanDetails): Json | undefined =>
    span.input[index];

export function pickSaid(span: SpanDetails): Json | undefined {
  const texts = parts(span.output).flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const plain = span.output.filter((piece) => typeof piece === 'string');
  const all = texts.length > 0 ? texts : plain;
  return all.length > 0 ? all.join('\n') : undefined;
}

// The one that begins like what is known of it.
export const pickReasoning =
  (beginning: string) =>
  (span: SpanDetails): Json | undefined => {
    const texts = [
      ...span.reasoning.filter((piece) => typeof piece === 'string'),
      ...parts([...span.reasoning, ...span.output]).flatMap((part) =>
        part.type === 'reasoning' || part.type === 'text' ? [part.text] : [],
      ),
    ];
    return texts.find((text) => text.startsWith(beginning));
  };

// Of the call with this id, or else the only one of this tool.
export const pickArguments =
  (id: string | undefined, tool: string) =>
  (span: SpanDetails): Json | undefined => {
    const calls = parts(span.output).flatMap((part) => (part.type === 'tool_call' ? [part] : []));
    const named = calls.filter(({ name }) => name === tool);
    const call = calls.find((part) => id && part.id === id) ?? (named.length === 1 && named[0]);
    return call ? call.value : undefined;
  };

export const pickResult = (span: SpanDetails): Json | undefined => span.output[0];
export const pickError = (span: SpanDetails): Json | undefined => span.status_message;
