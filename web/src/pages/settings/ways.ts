// Where programs send to, as commands to copy.

export interface Way {
  id: string;
  label: string;
  text: string;
  code: string;
}

const KEY = '$PITOT_KEY';

// `origin`: of this page, since that is an address the reader can reach. `grpc`: as it is listened on.
export function waysOf(origin: string, grpc: string | null, keysRequired: boolean): Way[] {
  const otelKey = keysRequired ? `\nexport OTEL_EXPORTER_OTLP_HEADERS="x-pitot-key=${KEY}"` : '';
  const ways: Way[] = [
    {
      id: 'http',
      label: 'OTLP over HTTP',
      text: 'Any OpenTelemetry SDK or collector, protobuf or JSON:',
      code: `export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf${otelKey}`,
    },
  ];
  if (grpc !== null) {
    ways.push({
      id: 'grpc',
      label: 'OTLP over gRPC',
      text: 'The same by gRPC:',
      code: `export OTEL_EXPORTER_OTLP_ENDPOINT=http://${grpcAddress(origin, grpc)}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc${otelKey}`,
    });
  }
  ways.push(
    {
      id: 'gateway',
      label: 'Gateway',
      text: 'A program that nobody instrumented: its calls go through here, are traced, metered and held to budgets:',
      code: [
        `export OPENAI_BASE_URL=${origin}/openai/v1`,
        `export ANTHROPIC_BASE_URL=${origin}/anthropic`,
        `export GOOGLE_GEMINI_BASE_URL=${origin}/gemini`,
        ...(keysRequired ? [`export OPENAI_API_KEY=${KEY} ANTHROPIC_API_KEY=${KEY}`] : []),
      ].join('\n'),
    },
    {
      id: 'lines',
      label: 'JSON Lines',
      text: 'Spans as lines of JSON, from any program or a file:',
      code: `curl ${origin}/api/v1/spans${keysRequired ? ` -H "x-pitot-key: ${KEY}"` : ''} --data-binary @spans.jsonl`,
    },
    {
      id: 'commands',
      label: 'Command line',
      text: 'The same answers in a terminal:',
      code: `export PITOT_URL=${origin}${keysRequired ? `\nexport PITOT_KEY=${KEY}` : ''}\npitot traces --since 1h\npitot sql "SELECT feature, sum(cost_usd) FROM calls GROUP BY feature"`,
    },
  );
  return ways;
}

// Listened on everywhere: by the name under which this page was reached.
function grpcAddress(origin: string, grpc: string): string {
  const port = grpc.slice(grpc.lastIndexOf(':') + 1);
  return /^(0\.0\.0\.0|\[::\]|\*)?:/.test(grpc) ? `${new URL(origin).hostname}:${port}` : grpc;
}
