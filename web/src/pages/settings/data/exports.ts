// Ways out, as commands to copy.
export function exportCommands(
  origin: string,
  keysRequired: boolean,
): { what: string; command: string }[] {
  const key = keysRequired ? ' -H "x-pitot-key: $PITOT_KEY"' : '';
  return [
    {
      what: 'A week, to be imported elsewhere:',
      command: 'pitot export --since 7d -o week.jsonl\npitot import week.jsonl',
    },
    {
      what: 'On to another OpenTelemetry receiver, a line a request:',
      command:
        "pitot export --format otlp --since 1d 'feature = checkout' | while read -r line; do\n" +
        '  curl -s https://otel.example.com/v1/traces -H "content-type: application/json" -d "$line"\n' +
        'done',
    },
    {
      what: 'For analysis, over HTTP:',
      command: `curl -o spans.parquet${key} "${origin}/api/v1/export?format=parquet&since=7d"`,
    },
  ];
}
