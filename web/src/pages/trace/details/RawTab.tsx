import type { Json, SpanDetails } from 'api/types';
import { CopyButton } from 'widgets/text/CopyButton';
import { JsonTree } from 'widgets/text/JsonTree';

export function RawTab({ span }: { span: SpanDetails }) {
  return (
    <>
      <p className="history-more">
        <CopyButton text={() => JSON.stringify(span, null, 2)} label="Copy as JSON" />
      </p>
      <div className="box">
        <JsonTree value={span as unknown as Json} />
      </div>
    </>
  );
}
