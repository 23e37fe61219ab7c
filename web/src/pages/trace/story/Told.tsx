// A text or value of a story. One that the story cut is read in whole, from its span, when asked for.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from 'api/context';
import { readSpan } from 'api/span';
import { isCut } from 'api/story';
import type { Json, SpanDetails } from 'api/types';
import { formatBytes } from 'base/format';
import { foldText } from 'base/text';
import { Value } from 'widgets/message/Message';
import { RichText } from 'widgets/text/RichText';
import { useStoryActions } from './storyContext';

interface ToldProps {
  value: Json;
  // Where all of it stands.
  span: string;
  pick: (span: SpanDetails) => Json | undefined;
  prose?: boolean; // Somebody wrote it: Markdown.
  lines?: number;
}

// A text that was asked for in whole is not folded.
const WHOLE_LINES = 10_000;
const LINE_CHARS = 100;

export function Told({ value, span, pick, prose = false, lines = 10 }: ToldProps) {
  const cut = isCut(value) ? value : null;
  const [wanted, setWanted] = useState(false);
  const { traceId, open } = useStoryActions();
  const api = useApi();
  const whole = useQuery({
    queryKey: ['span', traceId, span, 'whole'],
    queryFn: ({ signal }) => readSpan(api, traceId, span, signal),
    enabled: wanted,
    staleTime: 60_000,
  });
  const found = whole.data && pick(whole.data);
  if (found !== undefined) return <Shown value={found} prose={prose} lines={WHOLE_LINES} />;
  return (
    <>
      {/* One way to see more, not two. */}
      <Shown
        value={cut ? foldText(cut.text, lines * LINE_CHARS, lines).head : value}
        prose={prose}
        lines={cut ? WHOLE_LINES : lines}
      />
      {cut && (
        <p className="story-cut">
          {whole.data ? (
            <button type="button" className="button small" onClick={() => open(span)}>
              All {formatBytes(cut.bytes)} are in the details of the span
            </button>
          ) : (
            <button
              type="button"
              className="button small"
              disabled={whole.isFetching}
              onClick={() => (wanted ? void whole.refetch() : setWanted(true))}
            >
              Show all {formatBytes(cut.bytes)}
            </button>
          )}
          {whole.error && <span className="bad"> {whole.error.message}</span>}
        </p>
      )}
    </>
  );
}

function Shown({ value, prose, lines }: { value: Json; prose: boolean; lines: number }) {
  if (prose && typeof value === 'string') return <RichText text={value} lines={lines} />;
  return <Value value={value} lines={lines} />;
}
