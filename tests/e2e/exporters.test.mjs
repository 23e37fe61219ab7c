// An unmodified OpenTelemetry program, by each of the three OTLP exporters of npm: what it recorded
// is what `pitot trace` shows, with the price package's own costs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { startPitot } from './pitot.mjs';
import { RUN, expectedCost, expectedTokens, flatten, nanoUsd, record } from './run_of_an_agent.mjs';

const EXPORTERS = {
  gRPC: (pitot) => new GrpcExporter({ url: pitot.grpcUrl }),
  'HTTP with JSON': (pitot) => new JsonExporter({ url: `${pitot.httpUrl}/v1/traces` }),
  'HTTP with protobuf': (pitot) => new ProtobufExporter({ url: `${pitot.httpUrl}/v1/traces` }),
};

const SPANS = flatten(RUN);

function tracerProvider(processor) {
  return new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'e2e-agent' }),
    spanProcessors: [processor],
  });
}

// Each span of RUN must stand in `answer` as it was recorded.
function assertTree(answer, spanIds) {
  const shown = new Map(answer.spans.map((span) => [span.span_id, span]));
  assert.equal(shown.size, SPANS.length);
  for (const { node, parent } of SPANS) {
    const span = shown.get(spanIds.get(node));
    assert.ok(span, `${node.name} is missing`);
    assert.equal(span.name, node.name);
    assert.equal(span.kind, node.kind, node.name);
    assert.equal(span.parent_span_id ?? '', parent ? spanIds.get(parent) : '', node.name);
    assert.equal(span.status, node.errorType ? 'error' : 'unset', node.name);
    if (node.toolStatus) assert.equal(span.tool_status, node.toolStatus, node.name);
    if (node.kind === 'llm') assertCall(span, node);
  }
}

function assertCall(span, node) {
  assert.equal(span.model, node.model);
  assert.equal(span.finish_reason, node.finish.name, node.model);
  for (const [bucket, tokens] of Object.entries(expectedTokens(node))) {
    assert.equal(Number(span[bucket] ?? 0), tokens, `${node.model} ${bucket}`);
  }
  assert.equal(nanoUsd(span.cost_usd), expectedCost(node), `${node.model} cost`);
}

function assertTotals({ trace }) {
  const calls = SPANS.map(({ node }) => node).filter((node) => node.kind === 'llm');
  const total = calls.reduce((sum, node) => sum + (expectedCost(node) ?? 0), 0);
  assert.equal(nanoUsd(trace.cost_usd), total);
  assert.equal(Number(trace.unpriced_calls), 1);
  assert.equal(Number(trace.llm_calls), calls.length);
  assert.equal(Number(trace.tool_calls), 2);
  assert.equal(Number(trace.spans), SPANS.length);
  assert.equal(Number(trace.errors), 1);
  assert.equal(trace.root_name, RUN.name);
  assert.equal(trace.feature, 'checkout-help');
  assert.equal(trace.user_id, 'user-7');
  assert.equal(trace.session_id, 'session-9');
}

for (const [name, makeExporter] of Object.entries(EXPORTERS)) {
  test(
    `a run sent over ${name} is shown with its tree, tokens and costs`,
    { timeout: 120_000 },
    async (t) => {
      const pitot = await startPitot(t);
      const provider = tracerProvider(new BatchSpanProcessor(makeExporter(pitot)));
      const { traceId, spanIds } = record(provider.getTracer('e2e'));
      await provider.shutdown(); // Fails when the server refused anything.

      const answer = await pitot.trace(traceId, ({ spans }) => spans.length === SPANS.length);
      assertTree(answer, spanIds);
      assertTotals(answer);
    },
  );
}

test(
  'spans sent three times, once by each exporter, count once',
  { timeout: 120_000 },
  async (t) => {
    const pitot = await startPitot(t);
    const memory = new InMemorySpanExporter();
    const { traceId, spanIds } = record(
      tracerProvider(new SimpleSpanProcessor(memory)).getTracer('e2e'),
    );
    const spans = memory.getFinishedSpans();
    assert.equal(spans.length, SPANS.length);

    for (const [name, makeExporter] of Object.entries(EXPORTERS)) {
      const exporter = makeExporter(pitot);
      const result = await new Promise((resolve) => exporter.export(spans, resolve));
      assert.equal(result.code, 0, `${name}: ${result.error}`);
      await exporter.shutdown();
    }

    // A span recorded last tells that all three deliveries are through.
    const provider = tracerProvider(new BatchSpanProcessor(EXPORTERS['HTTP with JSON'](pitot)));
    const last = record(provider.getTracer('e2e'));
    await provider.shutdown();
    await pitot.trace(last.traceId, (answer) => answer.spans.length === SPANS.length);

    const answer = await pitot.trace(traceId, () => true);
    assertTree(answer, spanIds);
    assertTotals(answer);
  },
);

test(
  'the tree is printed for a person, with cost and failed tool',
  { timeout: 120_000 },
  async (t) => {
    const pitot = await startPitot(t);
    const provider = tracerProvider(new BatchSpanProcessor(EXPORTERS['HTTP with protobuf'](pitot)));
    const { traceId } = record(provider.getTracer('e2e'));
    await provider.shutdown();
    await pitot.trace(traceId, ({ spans }) => spans.length === SPANS.length);

    const { code, stdout, stderr } = await pitot.command('trace', traceId, '--url', pitot.httpUrl);
    assert.equal(code, 0, stderr);
    for (const { node } of SPANS)
      assert.ok(stdout.includes(node.name.split(' ')[1]), `${node.name} in\n${stdout}`);
    assert.match(stdout, /timeout/);
    assert.match(stdout, /\$/);
  },
);
