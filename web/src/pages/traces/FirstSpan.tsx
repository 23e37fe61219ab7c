// Nothing was ever received: how to send a first span. The list takes over as soon as one comes.

import type { LiveState } from 'api/live';
import { CopyButton } from 'widgets/CopyButton';
import './FirstSpan.css';

export function FirstSpan({ live }: { live: LiveState | 'off' }) {
  const url = window.location.origin;
  return (
    <main className="first">
      <h1>No traces yet</h1>
      <p className="first-wait" role="status">
        <span className="status status-running">
          {live === 'retrying'
            ? 'The live stream is away; asking every few seconds'
            : 'Waiting for the first span'}
        </span>
      </p>
      <Step
        title="An instrumented program"
        text="Any OpenTelemetry SDK sends its spans here when its environment says so:"
        code={`export OTEL_EXPORTER_OTLP_ENDPOINT=${url}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`}
      />
      <Step
        title="One span by hand"
        text="To see that it works, without any program:"
        code={`curl ${url}/api/v1/spans --data-binary '{"trace_id":"my first trace","span_id":"1","name":"chat gpt-4o","kind":"llm","start":'$(date +%s)',"duration_ms":900,"attrs":{"gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-4o","gen_ai.usage.input_tokens":1200,"gen_ai.usage.output_tokens":150}}'`}
      />
    </main>
  );
}

function Step({ title, text, code }: { title: string; text: string; code: string }) {
  return (
    <section className="first-step">
      <h2>{title}</h2>
      <p className="dim">{text}</p>
      <div className="first-code">
        <pre>{code}</pre>
        <CopyButton text={() => code} label="Copy" />
      </div>
    </section>
  );
}
