import { Link } from '@tanstack/react-router';
import type { SpanDetails } from 'api/types';
import { formatDuration, parseTime } from 'base/format';
import { visibleText } from 'base/text';
import { JsonTree } from 'widgets/text/JsonTree';
import { Section } from './ContentTab';

const TRACE_ID = /^[0-9a-f]{32}$/;

export function EventsTab({ span }: { span: SpanDetails }) {
  if (span.events.length === 0 && span.links.length === 0) {
    return <p className="dim">This span has no events and no links.</p>;
  }
  const start = parseTime(span.started_at);
  return (
    <>
      {span.events.length > 0 && (
        <Section title="Events">
          {span.events.map((event, i) => (
            <div key={i} className="box">
              <p>
                <strong>{visibleText(event.name ?? 'event')}</strong>{' '}
                <span className="dim" title={event.time}>
                  {event.time && `after ${formatDuration(parseTime(event.time) - start)}`}
                </span>
              </p>
              {event.attributes && Object.keys(event.attributes).length > 0 && (
                <JsonTree value={event.attributes} />
              )}
            </div>
          ))}
        </Section>
      )}
      {span.links.length > 0 && (
        <Section title="Links">
          {span.links.map((link, i) => (
            <div key={i} className="box">
              {TRACE_ID.test(link.trace_id ?? '') ? (
                <Link
                  to="/traces/$trace_id"
                  params={{ trace_id: link.trace_id! }}
                  search={{ span: link.span_id }}
                  className="mono"
                >
                  trace {link.trace_id}
                </Link>
              ) : (
                <JsonTree value={{ ...link } as never} />
              )}
              {link.attributes && <JsonTree value={link.attributes} />}
            </div>
          ))}
        </Section>
      )}
    </>
  );
}
