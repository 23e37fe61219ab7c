// The context of one call against that of the call before it of the same agent.

import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useApi } from 'api/context';
import { readSpan } from 'api/span';
import type { Json, Span, SpanDetails } from 'api/types';
import { categoryColor } from 'base/colors';
import { formatBytes, formatInt, formatPercent, plural } from 'base/format';
import { visibleText } from 'base/text';
import { StackedBar } from 'widgets/figures/Bar';
import { Dot } from 'widgets/figures/Pill';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { readPiece } from 'widgets/message/content';
import { PieceView } from 'widgets/message/Message';
import { Diff } from 'widgets/text/Diff';
import { callBefore } from '../model/calls';
import type { SpanTree } from '../model/tree';
import { composition, diffContext, SHARES, type MessageChange } from './messages';
import './context.css';

const CHANGES_SHOWN = 30;
const LINES = 8;

interface SpanContextProps {
  span: SpanDetails;
  tree: SpanTree;
  onSpan: (spanId: string) => void;
}

export function SpanContext({ span, tree, onSpan }: SpanContextProps) {
  const api = useApi();
  const row = tree.index.get(span.span_id);
  const before = useMemo(
    () => (row === undefined ? null : callBefore(tree, tree.spans[row]!)),
    [tree, row],
  );
  const earlier = useQuery({
    queryKey: ['span', span.trace_id, before?.span_id, 'whole'],
    queryFn: ({ signal }) => readSpan(api, span.trace_id, before!.span_id, signal),
    enabled: before !== null,
    staleTime: 60_000,
  });
  if (span.input.length === 0 && span.system.length === 0) {
    return <p className="dim">This call came without its messages.</p>;
  }
  if (before === null) {
    return (
      <>
        <p>The first call of its agent: all of its context is new.</p>
        <MadeOf span={span} known={0} />
      </>
    );
  }
  if (earlier.error) {
    return <ErrorNotice error={earlier.error} retry={() => void earlier.refetch()} />;
  }
  if (!earlier.data) return <Waiting title="Reading the call before …" />;
  return <Against span={span} before={earlier.data} call={before} onSpan={onSpan} />;
}

function Against(props: {
  span: SpanDetails;
  before: SpanDetails;
  call: Span;
  onSpan: (spanId: string) => void;
}) {
  const { span, before, call, onSpan } = props;
  const diff = useMemo(() => diffContext(before.input, span.input), [before, span]);
  const system = JSON.stringify(before.system) !== JSON.stringify(span.system);
  const tools = JSON.stringify(before.tool_definitions) !== JSON.stringify(span.tool_definitions);
  const counts = [
    `${diff.added} added`,
    diff.removed > 0 && `${diff.removed} removed`,
    diff.changed > 0 && `${diff.changed} changed`,
    `${diff.kept} kept`,
  ].filter(Boolean);
  return (
    <>
      <p>
        Against{' '}
        <button type="button" className="context-ref" onClick={() => onSpan(call.span_id)}>
          the call before
        </button>{' '}
        of {visibleText(span.agent ?? '') || 'the model'}: <strong>{counts.join(', ')}</strong>.
      </p>
      <CacheWords span={span} brokenAt={tools || system ? -1 : diff.brokenAt} tools={tools} />
      <MadeOf span={span} known={diff.kept} />
      {system && (
        <section className="context-part">
          <h3>The system prompt changed</h3>
          <Diff before={wordsOf(before.system)} after={wordsOf(span.system)} />
        </section>
      )}
      {tools && (
        <section className="context-part">
          <h3>The tools offered changed</h3>
          <Diff before={wordsOf(before.tool_definitions)} after={wordsOf(span.tool_definitions)} />
        </section>
      )}
      <section className="context-part">
        <h3>Messages</h3>
        <Changes changes={diff.changes} />
      </section>
    </>
  );
}

// -1: before its first message.
function CacheWords(props: { span: SpanDetails; brokenAt: number | null; tools: boolean }) {
  const { span, brokenAt, tools } = props;
  const cached = span.cache_read_tokens ?? 0;
  const context =
    (span.input_tokens ?? 0) +
    cached +
    (span.cache_write_5m_tokens ?? 0) +
    (span.cache_write_1h_tokens ?? 0);
  const served =
    context === 0
      ? ''
      : `The cache served ${formatInt(cached)} of its ${formatInt(context)} tokens (${formatPercent(cached / context)}). `;
  const why =
    brokenAt === null
      ? cached === 0
        ? 'It continues the context before, which would have been read if it was in the cache.'
        : 'It continues the context before: all of that could be read from the cache.'
      : brokenAt < 0
        ? `The ${tools ? 'tools offered' : 'system prompt'} changed: nothing behind the change can be read from the cache.`
        : `Message ${brokenAt + 1} is not as it was: nothing from there on can be read from the cache.`;
  return (
    <p className={brokenAt === null ? undefined : 'warn'}>
      {served}
      {why}
    </p>
  );
}

function MadeOf({ span, known }: { span: SpanDetails; known: number }) {
  const parts = composition(span, known);
  const all = SHARES.reduce((sum, name) => sum + parts[name], 0);
  if (all === 0) return null;
  return (
    <section className="context-part">
      <h3>What it is made of, by bytes</h3>
      <StackedBar
        label="What the context is made of"
        parts={SHARES.map((name, i) => ({
          name,
          share: parts[name] / all,
          color: categoryColor(i),
        }))}
      />
      <ul className="context-shares">
        {SHARES.map(
          (name, i) =>
            parts[name] > 0 && (
              <li key={name}>
                <Dot color={categoryColor(i)} /> {name} {formatBytes(parts[name])},{' '}
                {formatPercent(parts[name] / all)}
              </li>
            ),
        )}
      </ul>
    </section>
  );
}

function Changes({ changes }: { changes: readonly MessageChange[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? changes : changes.slice(0, CHANGES_SHOWN);
  return (
    <>
      {shown.map((change, i) => (
        <Change key={i} change={change} />
      ))}
      {changes.length > shown.length && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          Show {plural(changes.length - shown.length, 'more change')}
        </button>
      )}
    </>
  );
}

function Change({ change }: { change: MessageChange }) {
  const [open, setOpen] = useState(false);
  if (change.kind === 'kept') {
    return (
      <div className="context-kept">
        <button
          type="button"
          className="button plain small"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {plural(change.messages.length, 'message')} kept
        </button>
        {open &&
          change.messages.map((message, i) => (
            <PieceView key={i} piece={readPiece(message)} lines={LINES} />
          ))}
      </div>
    );
  }
  return (
    <div className={`context-change context-${change.kind}`}>
      <p className="context-kind">
        message {change.index + 1} {change.kind}
      </p>
      {change.kind === 'changed' ? (
        <Diff before={wordsOf([change.before])} after={wordsOf([change.message])} />
      ) : (
        <PieceView piece={readPiece(change.message)} lines={LINES} />
      )}
    </div>
  );
}

function wordsOf(pieces: readonly Json[]): string {
  return pieces
    .map((piece) => {
      const read = readPiece(piece);
      if (read.type !== 'message' || read.rest !== null) return JSON.stringify(piece, null, 2);
      return read.parts
        .map((part) => ('text' in part ? part.text : JSON.stringify(part, null, 2)))
        .join('\n');
    })
    .join('\n\n');
}
