import type { SpanDetails } from 'api/types';
import { visibleText } from 'base/text';
import { FoldedText } from 'widgets/text/FoldedText';
import { JsonTree } from 'widgets/text/JsonTree';
import { Section } from './ContentTab';
import { Facts } from './UsageTab';

export function AttributesTab({ span }: { span: SpanDetails }) {
  const tags = Object.entries(span.tags);
  const attributes = Object.entries(span.attributes);
  return (
    <>
      <Section title="For what and whom">
        <Facts
          rows={[
            ['Feature', span.feature],
            ['Workflow', span.workflow],
            ['User', span.user_id],
            ['Session', span.session_id],
            ['Agent', span.agent],
            ['Service', span.service],
            ['Environment', span.environment],
            ['Release', span.release],
            ['Tool', span.tool_name],
            ['Tool call', span.tool_call_id],
            ['MCP server', span.mcp_server],
          ]}
        />
      </Section>
      <Section title="Received">
        <Facts
          rows={[
            ['Span id', span.span_id],
            ['Parent', span.parent_span_id],
            ['Started', span.started_at],
            ['Received', span.received_at],
            ['By', span.source],
            ['Dialect', span.emitter],
            ['Scope', [span.scope, span.scope_version].filter(Boolean).join(' ')],
            ['Operation', span.op],
          ]}
        />
      </Section>
      {tags.length > 0 && (
        <Section title="Tags">
          <Facts rows={tags} />
        </Section>
      )}
      <Section title="Attributes">
        {attributes.length === 0 ? (
          <p className="dim">No others than those shown elsewhere.</p>
        ) : (
          <table className="facts">
            <tbody>
              {attributes.map(([key, value]) => (
                <tr key={key}>
                  <th className="mono">{visibleText(key)}</th>
                  <td className="mono">
                    {typeof value === 'string' ? (
                      <FoldedText text={value} mono />
                    ) : value !== null && typeof value === 'object' ? (
                      <JsonTree value={value} />
                    ) : (
                      String(value)
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Section>
    </>
  );
}
