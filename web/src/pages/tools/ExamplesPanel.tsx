import type { Answer } from 'api/types';
import { visibleText } from 'base/text';
import { KindIcon } from 'widgets/figures/KindIcon';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Panel } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';
import { FoldedText } from 'widgets/text/FoldedText';
import { alike, CLASS_WORDS } from './classes';

type Category = Answer<'/api/v1/errors'>['categories'][number];
type Example = Category['examples'][number];

// The newest errors of a class, each with what it said and the way to its span.
export function ExamplesPanel({ open }: { open: Category }) {
  return (
    <Panel
      title={`Examples of ${open.category.replaceAll('_', ' ')}`}
      note={open.count > open.examples.length ? `the newest ${open.examples.length}` : undefined}
    >
      <p className="tools-meaning">{CLASS_WORDS[open.category]}</p>
      <ul className="tools-examples">
        {alike(open.examples).map(([example, ...others]) => (
          <ExampleRow
            key={`${example.trace_id}${example.span_id}`}
            example={example}
            others={others}
          />
        ))}
      </ul>
    </Panel>
  );
}

function ExampleRow({ example, others }: { example: Example; others: readonly Example[] }) {
  const { trace_id, span_id, name, kind, tool_name, model, message, at } = example;
  const where = tool_name || model;
  return (
    <li>
      <div className="tools-example-head">
        <KindIcon kind={kind} />
        <ViewLink
          to="/traces/$trace_id"
          params={{ trace_id }}
          search={{ q: undefined, span: span_id }}
          className="cut"
          title="Open its span"
        >
          {visibleText(name) || span_id}
        </ViewLink>
        {where !== '' && !name.includes(where) && (
          <span className="dim cut">{visibleText(where)}</span>
        )}
        <span className="tools-example-when dim">
          <RelativeTime at={at} />
        </span>
      </div>
      {message === '' ? (
        <p className="dim">It said nothing.</p>
      ) : (
        <FoldedText text={message} mono />
      )}
      {others.length > 0 && (
        <p className="tools-alike dim">
          The same:
          {others.map((other) => (
            <ViewLink
              key={`${other.trace_id}${other.span_id}`}
              to="/traces/$trace_id"
              params={{ trace_id: other.trace_id }}
              search={{ q: undefined, span: other.span_id }}
            >
              <RelativeTime at={other.at} />
            </ViewLink>
          ))}
        </p>
      )}
    </li>
  );
}
