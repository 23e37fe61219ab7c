// What was said to a model and what it answered: messages of texts, reasoning, tool calls and results, and
// media by reference.
//
//   {span.input.map((piece, i) => <PieceView key={i} piece={readPiece(piece)} />)}

import type { Json } from 'api/types';
import { isCut } from 'api/story';
import { formatBytes } from 'base/format';
import { visibleText } from 'base/text';
import { FoldedText } from 'widgets/text/FoldedText';
import { JsonTree } from 'widgets/text/JsonTree';
import { RichText } from 'widgets/text/RichText';
import { asJson, type Part, type Piece } from './content';
import { MediaPart } from './MediaPart';
import './Message.css';

const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

export function PieceView({ piece, lines }: { piece: Piece; lines?: number }) {
  switch (piece.type) {
    case 'message':
      return (
        <Message
          role={piece.role}
          parts={piece.parts}
          rest={piece.rest}
          {...(lines && { lines })}
        />
      );
    case 'missing':
      return (
        <p className="box dim">
          Not in the store any more (its retention has passed, or it was erased): {piece.hash}
        </p>
      );
    case 'value':
      return (
        <div className="box">
          <Value value={piece.value} />
        </div>
      );
  }
}

function Message({
  role,
  parts,
  rest,
  lines,
}: {
  role: string;
  parts: Part[];
  rest: Json | null;
  lines?: number;
}) {
  return (
    <article className={`message message-${ROLES.has(role) ? role : 'other'}`}>
      <h4 className="message-role">{visibleText(role) || 'message'}</h4>
      {parts.map((part, i) => (
        <PartView key={i} part={part} {...(lines && { lines })} />
      ))}
      {parts.length === 0 && <p className="dim">(empty)</p>}
      {rest !== null && <JsonTree value={rest} />}
    </article>
  );
}

// `lines`: shown of texts that are folded, about.
export function PartView({ part, lines }: { part: Part; lines?: number }) {
  switch (part.type) {
    case 'text':
      return (
        <>
          <RichText text={part.text} {...(lines && { lines })} />
          <CutNote bytes={part.bytes} />
        </>
      );
    case 'reasoning':
      return (
        <div className="part part-reasoning">
          <p className="part-name">reasoning</p>
          <RichText text={part.text} {...(lines && { lines })} />
          <CutNote bytes={part.bytes} />
        </div>
      );
    case 'tool_call':
    case 'tool_result':
      return (
        <div className={`part part-${part.type}`}>
          <p className="part-name">
            {part.type === 'tool_call' ? 'calls ' : 'result '}
            <strong>{visibleText(part.name)}</strong>
            <code className="dim"> {visibleText(part.id)}</code>
          </p>
          <Value value={part.value} {...(lines && { lines })} />
        </div>
      );
    case 'media':
      return <MediaPart part={part} />;
    case 'other':
      return (
        <div className="part">
          <p className="part-name">{visibleText(part.name)}</p>
          <JsonTree value={part.value} />
        </div>
      );
  }
}

// JSON folded, text as text.
export function Value({ value, lines }: { value: Json; lines?: number }) {
  if (isCut(value)) {
    return (
      <>
        <FoldedText text={value.text} {...(lines && { lines })} />
        <CutNote bytes={value.bytes} />
      </>
    );
  }
  const json = asJson(value);
  if (typeof json === 'string') return <FoldedText text={json} {...(lines && { lines })} />;
  return <JsonTree value={json} />;
}

function CutNote({ bytes }: { bytes: number | undefined }) {
  return bytes === undefined ? null : (
    <p className="message-cut dim">Cut here: {formatBytes(bytes)} as a whole</p>
  );
}
