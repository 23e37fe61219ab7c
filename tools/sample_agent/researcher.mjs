// The sub-agent, a process of its own: node researcher.mjs SEED PACE QUESTION
// It joins the trace named by TRACEPARENT in its environment and prints what it found.

import { SpanKind } from '@opentelemetry/api';
import { Random } from './random.mjs';
import { RESEARCHER } from './scenarios.mjs';
import { ScriptedModel } from './scripted_model.mjs';
import { inParentTrace, inSpan, startTelemetry } from './telemetry.mjs';
import { executeTool } from './tools.mjs';

async function research(random, pace, question) {
  const model = new ScriptedModel(random, pace);
  const messages = [{ role: 'user', parts: [{ type: 'text', content: question }] }];
  const conversation = { id: `research-${random.hex(8)}`, cachedTokens: 0 };
  const chat = async (answer) => {
    const request = {
      model: RESEARCHER.model,
      conversation,
      system: RESEARCHER.system,
      tools: RESEARCHER.tools,
      messages,
      prompt: { name: RESEARCHER.prompt, version: '2' },
    };
    messages.push(await model.chat(request, answer));
  };

  const call = { id: `call_${random.hex(12)}`, name: 'web_search', arguments: { query: question } };
  await chat({ parts: [{ type: 'tool_call', ...call }], reasoningTokens: random.between(40, 200) });
  const response = await executeTool({
    call,
    description: RESEARCHER.tools[0].description,
    waitMs: random.between(100, 500) * pace,
    work: async () => ({ passages: RESEARCHER.passages }),
  });
  messages.push({ role: 'tool', parts: [{ type: 'tool_call_response', id: call.id, response }] });
  const findings = random.pick(RESEARCHER.passages);
  await chat({ parts: [{ type: 'text', content: findings }] });
  return findings;
}

const [seed, pace, question] = process.argv.slice(2);
const stopTelemetry = startTelemetry('sample-researcher');
const attributes = {
  'gen_ai.operation.name': 'invoke_agent',
  'gen_ai.agent.name': RESEARCHER.agent,
};
try {
  const findings = await inParentTrace(process.env, () =>
    inSpan('invoke_agent researcher', { kind: SpanKind.INTERNAL, attributes }, () =>
      research(new Random(Number(seed)), Number(pace), question),
    ),
  );
  console.log(findings);
} catch (error) {
  console.error(`researcher: ${error.message}`);
  process.exitCode = 1;
} finally {
  await stopTelemetry();
}
