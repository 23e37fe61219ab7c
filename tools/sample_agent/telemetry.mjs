// OpenTelemetry as any program sets it up: nothing here knows of Pitot.

import { SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

// Registers a tracer provider that exports to OTEL_EXPORTER_OTLP_ENDPOINT. Gives back a function
// that sends what is left and stops; call it before the program ends.
export function startTelemetry(serviceName) {
  // The exporter's own default says localhost, which some hosts resolve to ::1 only.
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT ??= 'http://127.0.0.1:4318';
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': serviceName,
        'service.version': '1.4.0',
        'deployment.environment.name': 'demo',
      }),
    ),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 500 }),
    ],
  });
  provider.register();
  return async () => {
    try {
      await provider.shutdown();
    } catch (error) {
      // Telemetry never fails the program it watches.
      console.error(
        `the last spans were not sent to ${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}: ${error.message}`,
      );
    }
  };
}

// Runs `work(span)` inside a new span and ends it. An error is recorded and thrown on; its
// errorType becomes error.type.
export function inSpan(name, options, work) {
  return trace.getTracer('sample-agent', '1.4.0').startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error);
      span.setAttribute('error.type', error.errorType ?? error.name);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

// The current trace as environment variables (TRACEPARENT, TRACESTATE, BAGGAGE) for a child.
export function traceEnvironment() {
  const carrier = {};
  propagation.inject(context.active(), carrier);
  return Object.fromEntries(
    Object.entries(carrier).map(([key, value]) => [key.toUpperCase(), value]),
  );
}

// Runs `work` as a part of the trace whose environment this process was started with.
export function inParentTrace(environment, work) {
  const carrier = {
    traceparent: environment.TRACEPARENT,
    tracestate: environment.TRACESTATE,
    baggage: environment.BAGGAGE,
  };
  return context.with(propagation.extract(context.active(), carrier), work);
}
