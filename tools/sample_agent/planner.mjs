// The planner: one turn is one trace. It asks the model for a plan, runs the tools the model chose,
// gives their results back with the whole history, and answers.

import { SpanKind } from '@opentelemetry/api';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ScriptedModel } from './scripted_model.mjs';
import { inSpan, traceEnvironment } from './telemetry.mjs';
import { ToolError, executeTool } from './tools.mjs';

const TURNS_PER_SESSION = 8;
// How often a tool call goes wrong, by kind. The newer prompt describes the tools differently, and
// the model gets their arguments wrong more often: what a comparison of versions should show.
const FAILURE_PROBABILITY = {
  3: { timeout: 0.05, rate_limited: 0.04, invalid_args: 0.02 },
  4: { timeout: 0.05, rate_limited: 0.04, invalid_args: 0.16 },
};
const CUT_OFF_PROBABILITY = 0.05;
const ATTEMPTS_MAX = 2;

// One user's conversation with one feature. Its history is sent again with every call.
export class Session {
  constructor(user, scenario, number) {
    this.user = user;
    this.scenario = scenario;
    this.id = `${scenario.feature}-${user}-${number}`;
    this.messages = [];
    this.cachedTokens = 0;
    this.turns = 0;
  }

  get over() {
    return this.turns >= TURNS_PER_SESSION;
  }
}

export class Planner {
  #random;
  #pace;
  #model;

  constructor(random, pace) {
    this.#random = random;
    this.#pace = pace;
    this.#model = new ScriptedModel(random, pace);
  }

  // Runs one turn; gives back {traceId, feature, user, outcome, answer}. Never throws for what the
  // scripted world does wrong: that is in the trace.
  async turn(session) {
    const { scenario } = session;
    const version = this.#random.chance(0.5) ? '3' : '4';
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'planner',
      'gen_ai.workflow.name': scenario.workflow,
      'gen_ai.conversation.id': session.id,
      'session.id': session.id,
      'user.id': session.user,
      feature: scenario.feature,
    };
    const report = { feature: scenario.feature, user: session.user };
    session.turns += 1;
    try {
      await inSpan(
        'invoke_agent planner',
        { kind: SpanKind.INTERNAL, attributes, root: true },
        async (span) => {
          report.traceId = span.spanContext().traceId;
          report.answer = await this.#answer(session, version);
        },
      );
      report.outcome = 'ok';
    } catch (error) {
      report.outcome = error.message;
      session.messages.push({
        role: 'assistant',
        parts: [{ type: 'text', content: 'I could not finish this.' }],
      });
    }
    return report;
  }

  async #answer(session, version) {
    const { scenario } = session;
    const request = this.#random.pick(scenario.requests);
    session.messages.push({ role: 'user', parts: [{ type: 'text', content: request }] });
    for (const step of scenario.plan) await this.#step(session, version, step);
    const cutOff = this.#random.chance(CUT_OFF_PROBABILITY);
    const text = cutOff ? scenario.answer.slice(0, scenario.answer.length / 2) : scenario.answer;
    await this.#chat(session, version, { parts: [{ type: 'text', content: text }], cutOff });
    return text;
  }

  async #chat(session, version, answer) {
    const { scenario } = session;
    const message = await this.#model.chat(
      {
        model: scenario.model,
        conversation: session,
        system: scenario.system,
        tools: scenario.tools,
        messages: session.messages,
        prompt: { name: scenario.prompt, version },
      },
      answer,
    );
    session.messages.push(message);
  }

  // The model asks for a tool, the tool runs. Wrong arguments go back to the model, which corrects
  // them; anything else is tried again here.
  async #step(session, version, step) {
    let failure = this.#failure(version);
    for (let attempt = 0; ;) {
      const call = {
        id: `call_${this.#random.hex(12)}`,
        name: step.tool,
        arguments: failure === 'invalid_args' ? { input: step.arguments } : step.arguments,
      };
      const parts = [
        { type: 'text', content: `I need ${step.tool} for this.` },
        { type: 'tool_call', ...call },
      ];
      await this.#chat(session, version, { parts, reasoningTokens: this.#random.between(20, 160) });
      for (;;) {
        try {
          const result = await this.#execute(session, step, call, failure, attempt);
          this.#addToolResult(session, call, result);
          return;
        } catch (error) {
          if (!(error instanceof ToolError)) throw error;
          attempt += 1;
          if (attempt >= ATTEMPTS_MAX) {
            this.#addToolResult(session, call, { error: error.message });
            throw error;
          }
          const wrongArguments = failure === 'invalid_args';
          // A second failure in a row is rare, but it happens: then the turn fails.
          failure = this.#random.chance(0.15) ? 'timeout' : undefined;
          if (wrongArguments) {
            this.#addToolResult(session, call, { error: error.message });
            break;
          }
        }
      }
    }
  }

  #addToolResult(session, call, response) {
    session.messages.push({
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: call.id, response }],
    });
  }

  #failure(version) {
    for (const [failure, probability] of Object.entries(FAILURE_PROBABILITY[version])) {
      if (this.#random.chance(probability)) return failure;
    }
    return undefined;
  }

  #execute(session, step, call, failure, resends) {
    const { description } = session.scenario.tools.find((tool) => tool.name === step.tool);
    const work = step.delegate
      ? () => this.#delegate(call.arguments.question)
      : async () => step.result;
    const waitMs = this.#random.between(40, 400) * this.#pace * (failure === 'timeout' ? 3 : 1);
    return executeTool({ call, description, failure, resends, waitMs, work });
  }

  // The researcher is a program of its own; the trace reaches it through its environment.
  async #delegate(question) {
    const program = fileURLToPath(new URL('researcher.mjs', import.meta.url));
    const options = {
      env: { ...process.env, ...traceEnvironment() },
      stdio: ['ignore', 'pipe', 'inherit'],
    };
    const args = [program, String(this.#random.between(1, 2 ** 31)), String(this.#pace), question];
    const child = spawn(process.execPath, args, options);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    const code = await new Promise((resolve, reject) =>
      child.on('error', reject).on('close', resolve),
    );
    if (code !== 0) throw new ToolError(`the researcher ended with exit code ${code}`, 'error');
    return { findings: output.trim() };
  }
}
