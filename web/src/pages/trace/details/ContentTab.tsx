import { useState, type ReactNode } from 'react';
import type { Json, SpanDetails } from 'api/types';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { JsonTree } from 'widgets/text/JsonTree';
import { TextModeChoice } from 'widgets/text/RichText';
import type { SpanTree } from '../model/tree';
import { ToolCheck } from './ToolCheck';
import { isObject, readPart, readPiece, readTools, toolName } from 'widgets/message/content';
import { PartView, PieceView } from 'widgets/message/Message';

// Of a long history, the latest are what somebody looks for.
const MESSAGES_SHOWN = 8;

export function ContentTab({ span, tree }: { span: SpanDetails; tree: SpanTree }) {
  const tool = span.kind === 'tool';
  const empty = [span.input, span.output, span.system, span.tool_definitions, span.reasoning].every(
    (list) => list.length === 0,
  );
  if (empty) {
    return <p className="dim">This span came without contents.</p>;
  }
  return (
    <>
      <div className="content-mode">
        <TextModeChoice />
      </div>
      {span.system.length > 0 && (
        <Folding title="System" note={plural(span.system.length, 'message')}>
          <Pieces pieces={span.system} />
        </Folding>
      )}
      {span.tool_definitions.length > 0 && <Tools pieces={span.tool_definitions} />}
      {span.input.length > 0 && (
        <Section title={tool ? 'Arguments' : 'Input'}>
          <History pieces={span.input} />
        </Section>
      )}
      {tool && <ToolCheck span={span} tree={tree} />}
      {span.reasoning.length > 0 && (
        <Section title="Reasoning">
          {span.reasoning.map((piece, i) =>
            typeof piece === 'string' ? (
              <PartView key={i} part={{ type: 'reasoning', text: piece }} />
            ) : (
              <ReasoningPiece key={i} piece={piece} />
            ),
          )}
        </Section>
      )}
      {span.output.length > 0 && (
        <Section title={tool ? 'Result' : 'Output'}>
          <Pieces pieces={span.output} />
        </Section>
      )}
    </>
  );
}

function ReasoningPiece({ piece }: { piece: Json }) {
  if (isObject(piece) && !Array.isArray(piece['parts']) && piece['type'] !== undefined) {
    return <PartView part={readPart(piece)} />;
  }
  return <PieceView piece={readPiece(piece)} />;
}

function Pieces({ pieces }: { pieces: readonly Json[] }) {
  return pieces.map((piece, i) => <PieceView key={i} piece={readPiece(piece)} />);
}

function History({ pieces }: { pieces: readonly Json[] }) {
  const [all, setAll] = useState(false);
  const earlier = all ? 0 : Math.max(0, pieces.length - MESSAGES_SHOWN);
  return (
    <>
      {earlier > 0 && (
        <p className="history-more">
          <button type="button" className="button small" onClick={() => setAll(true)}>
            Show {plural(earlier, 'earlier message')}
          </button>
        </p>
      )}
      {pieces.slice(earlier).map((piece, i) => (
        <PieceView key={earlier + i} piece={readPiece(piece)} />
      ))}
    </>
  );
}

function Tools({ pieces }: { pieces: readonly Json[] }) {
  const tools = readTools(pieces);
  const names = tools.map(toolName).join(', ');
  return (
    <Folding title="Tools offered" note={`${tools.length}: ${names}`}>
      {tools.map((tool, i) => (
        <div key={i} className="box">
          <JsonTree value={tool} />
        </div>
      ))}
    </Folding>
  );
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="section">
      <div className="section-head">
        <h3>{title}</h3>
      </div>
      {children}
    </section>
  );
}

// Closed at first; what is inside is made when it is opened.
export function Folding({
  title,
  note,
  children,
}: {
  title: string;
  note: string;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  return (
    <section className="section">
      <button
        type="button"
        className="section-head section-fold"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="open" className={open ? 'spans-open' : ''} />
        <h3>{title}</h3>
        <span className="dim cut">{visibleText(note)}</span>
      </button>
      {open && children}
    </section>
  );
}
