// Which traces are behind a figure of a version: what is added to the filter.

const FAILED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  failed_runs: { 'trace.status': 'error' },
  invalid_args: { tool_status: 'invalid_args' },
  tool_errors: { kind: 'tool', status: 'error' },
  errors: { kind: 'llm', status: 'error' },
  length: { finish_reason: 'length' },
  refusals: { finish_reason: 'refusal' },
};

export function linkOf(
  prompt: string,
  version: string,
  measure?: string,
): { narrow: Record<string, string> } {
  const failed = measure === undefined ? undefined : FAILED[measure];
  return { narrow: { prompt_name: prompt, prompt_version: version, ...failed } };
}
