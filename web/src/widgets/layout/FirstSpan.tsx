// Nothing was ever received: how to send a first span. Pages show it instead of themselves until one
// comes.

import type { ReactNode } from 'react';
import { useGet } from 'api/query';
import { Code } from 'widgets/text/Code';
import './FirstSpan.css';

// Everything that is stored, whatever its age.
const EVER = '3650d';
const ASK_EVERY_MS = 2_000;

// Whether anything was ever received; undefined until it is known.
export function useAnything(enabled = true): boolean | undefined {
  const none = useGet(
    '/api/v1/traces',
    { since: EVER, limit: 1 },
    { enabled, untilMs: (answer) => (answer.traces.length === 0 ? ASK_EVERY_MS : false) },
  ).data;
  return none && none.traces.length > 0;
}

export function FirstSpan({ waiting = 'Waiting for the first span' }: { waiting?: ReactNode }) {
  const url = window.location.origin;
  return (
    <main className="first">
      <h1>No traces yet</h1>
      <p className="first-wait" role="status">
        <span className="status status-running">{waiting}</span>
      </p>
      <Step
        title="An instrumented program"
        text="Any OpenTelemetry SDK sends its spans here when its environment says so:"
        code={`export OTEL_EXPORTER_OTLP_ENDPOINT=${url}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`}
      />
      <Step
        title="A program that nobody instruments"
        text="The gateway passes its calls on to the provider, and keeps what they said and cost:"
        code={`export OPENAI_BASE_URL=${url}/openai/v1\nexport ANTHROPIC_BASE_URL=${url}/anthropic`}
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
      <Code text={code} />
    </section>
  );
}
