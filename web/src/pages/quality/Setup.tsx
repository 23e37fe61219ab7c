// No prompt has a name yet: how to send one.

import { Panel } from 'widgets/layout/Panel';
import { Code } from 'widgets/text/Code';

const SPAN = `span.setAttribute('gen_ai.prompt.name', 'support');
span.setAttribute('gen_ai.prompt.version', '7');`;
const HEADERS = `x-pitot-prompt: support
x-pitot-prompt-version: 7`;

export function Setup() {
  const url = window.location.origin;
  return (
    <Panel title="No prompt has a name in this window">
      <div className="quality-setup">
        <p>
          Choose a longer window if there were some before. Runs are told apart by the prompt they
          use once they say which; what a run says holds for all calls and tools below it.
        </p>
        <h3>On the span of the run, or of the call</h3>
        <Code text={SPAN} />
        <h3>Through the gateway: headers of the request</h3>
        <Code text={HEADERS} />
        <h3>By hand, to see it</h3>
        <Code
          text={`curl ${url}/api/v1/spans --data-binary '{"trace_id":"prompt test","span_id":"1","name":"chat","kind":"llm","start":'$(date +%s)',"duration_ms":900,"attrs":{"gen_ai.prompt.name":"support","gen_ai.prompt.version":"7","gen_ai.request.model":"gpt-4o"}}'`}
        />
      </div>
    </Panel>
  );
}
