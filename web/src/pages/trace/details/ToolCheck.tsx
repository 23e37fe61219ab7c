// The arguments of a tool call against what the tool declared to the model that chose it.

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useApi } from 'api/context';
import { readSpan } from 'api/span';
import type { SpanDetails } from 'api/types';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { asJson, readTools } from 'widgets/message/content';
import { JsonTree } from 'widgets/text/JsonTree';
import { callBefore } from '../model/calls';
import type { SpanTree } from '../model/tree';
import { Folding, Section } from './ContentTab';
import { schemaOf, violationsOf } from './schema';

export function ToolCheck({ span, tree }: { span: SpanDetails; tree: SpanTree }) {
  const api = useApi();
  const row = tree.index.get(span.span_id);
  const call = useMemo(
    () => (row === undefined ? null : callBefore(tree, tree.spans[row]!)),
    [tree, row],
  );
  const chosen = useQuery({
    queryKey: ['span', span.trace_id, call?.span_id, 'whole'],
    queryFn: ({ signal }) => readSpan(api, span.trace_id, call!.span_id, signal),
    enabled: call !== null,
    staleTime: 60_000,
  });
  const schema = chosen.data && schemaOf(readTools(chosen.data.tool_definitions), toolOf(span));
  if (!schema || span.input.length === 0) return null;
  const found = violationsOf(schema, asJson(span.input[0]!));
  return (
    <>
      <Section title="Arguments against the tool's schema">
        {found.length === 0 ? (
          <p className="good">They fit what the tool declared.</p>
        ) : (
          <>
            <p className="bad">{plural(found.length, 'thing does', 'things do')} not fit:</p>
            <ul className="violations">
              {found.map(({ path, says }, i) => (
                <li key={i}>
                  <code>{visibleText(path) || 'the arguments'}</code> {visibleText(says)}
                </li>
              ))}
            </ul>
          </>
        )}
      </Section>
      <Folding title="Schema" note={`of ${toolOf(span)}, as the model was told`}>
        <div className="box">
          <JsonTree value={schema} />
        </div>
      </Folding>
    </>
  );
}

const toolOf = (span: SpanDetails): string => span.tool_name ?? span.name;
