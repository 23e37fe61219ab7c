import { formatBytes } from 'base/format';
import { visibleText } from 'base/text';
import type { Json } from 'api/types';
import { FoldedText } from 'widgets/text/FoldedText';
import { JsonTree } from 'widgets/text/JsonTree';
import { asJson, type Part, type Piece } from './content';
import './Message.css';

const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

export function PieceView({ piece }: { piece: Piece }) {
  switch (piece.type) {
    case 'message':
      return <Message role={piece.role} parts={piece.parts} rest={piece.rest} />;
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

function Message({ role, parts, rest }: { role: string; parts: Part[]; rest: Json | null }) {
  return (
    <article className={`message message-${ROLES.has(role) ? role : 'other'}`}>
      <h4 className="message-role">{visibleText(role) || 'message'}</h4>
      {parts.map((part, i) => (
        <PartView key={i} part={part} />
      ))}
      {parts.length === 0 && <p className="dim">(empty)</p>}
      {rest !== null && <JsonTree value={rest} />}
    </article>
  );
}

export function PartView({ part }: { part: Part }) {
  switch (part.type) {
    case 'text':
      return <FoldedText text={part.text} />;
    case 'reasoning':
      return (
        <div className="part part-reasoning">
          <p className="part-name">reasoning</p>
          <FoldedText text={part.text} />
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
          <Value value={part.value} />
        </div>
      );
    case 'media':
      return (
        <p className="part part-media">
          {visibleText(
            [
              part.modality,
              part.mime,
              part.bytes === null ? '' : formatBytes(part.bytes),
              part.where,
            ]
              .filter(Boolean)
              .join(' · '),
          )}
        </p>
      );
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
export function Value({ value }: { value: Json }) {
  const json = asJson(value);
  if (typeof json === 'string') return <FoldedText text={json} />;
  return <JsonTree value={json} />;
}
