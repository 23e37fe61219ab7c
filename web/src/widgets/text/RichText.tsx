// A text that a person or a model wrote: rendered as Markdown, or as it was sent when the reader chose so
// (TextModeChoice, one choice for all). Long ones are folded and say how long they are.
//
//   <RichText text={answer} />
//   <RichText text={message} lines={6} />

import { memo, useMemo, useState } from 'react';
import { formatBytes } from 'base/format';
import { foldText, visibleText } from 'base/text';
import { Choice } from 'widgets/form/Choice';
import { FoldedText } from './FoldedText';
import { Markdown } from './Markdown';
import { useTextMode } from './textMode';

// Larger ones are no prose: as text they stay quick.
const RENDERED_CHARS_MAX = 100_000;
const LINE_CHARS = 100;

interface RichTextProps {
  text: string;
  lines?: number; // Shown of a folded one, about.
}

export const RichText = memo(function RichText({ text, lines = 40 }: RichTextProps) {
  const [mode] = useTextMode();
  if (mode === 'raw' || text.length > RENDERED_CHARS_MAX) {
    return <FoldedText text={text} lines={lines} />;
  }
  return <Rendered text={text} lines={lines} />;
});

function Rendered({ text, lines }: Required<RichTextProps>) {
  const [whole, setWhole] = useState(false);
  const fold = useMemo(() => foldText(text, lines * LINE_CHARS, lines), [text, lines]);
  return (
    <div className="rich-text">
      <Markdown text={visibleText(whole ? text : fold.head)} />
      {fold.folded && (
        <button type="button" className="button small" onClick={() => setWhole(!whole)}>
          {whole ? 'Show less' : `Show all ${formatBytes(fold.bytes)}`}
        </button>
      )}
    </div>
  );
}

export function TextModeChoice() {
  const [mode, choose] = useTextMode();
  return (
    <Choice
      label="How texts are shown"
      value={mode}
      options={[
        { value: 'rendered', label: 'Rendered' },
        { value: 'raw', label: 'Raw' },
      ]}
      onChange={choose}
    />
  );
}
