// What a statement can ask: the views of the server's SQL, their columns, types and meanings.

export interface SqlColumn {
  name: string;
  type: string; // As people call it; the engine's own stands beside a result's columns.
  meaning: string;
}

export interface SqlView {
  name: string;
  meaning: string;
  columns: readonly SqlColumn[];
}

const column = (name: string, type: string, meaning: string): SqlColumn => ({
  name,
  type,
  meaning,
});

const IDS = [
  column('trace_id', 'text', 'The run it belongs to: 32 hex digits'),
  column('span_id', 'text', '16 hex digits, unique within its trace'),
];

const TIMES = [
  column('started_at', 'time', 'UTC, to the nanosecond'),
  column('ended_at', 'time', 'UTC. What windows of time go by on the other pages'),
  column('duration_ms', 'number', 'Milliseconds from start to end'),
];

const PLACE = [
  column('service', 'text', 'service.name of the sender'),
  column('environment', 'text', 'deployment.environment of the sender'),
  column('release', 'text', 'service.version of the sender'),
];

const WHOSE = [
  column('feature', 'text', 'What the product calls it; inherited from above in the trace'),
  column('workflow', 'text', 'Inherited'),
  column('user_id', 'text', 'Whose run it is; inherited'),
  column('session_id', 'text', 'The conversation; inherited'),
  column('agent', 'text', 'The agent at work; inherited'),
];

const PROMPT = [
  column('prompt_name', 'text', 'Name of the prompt in use; inherited'),
  column('prompt_version', 'text', 'Its version; inherited'),
];

const TOKENS = [
  column('input_tokens', 'integer', 'Read at the full price, not from a cache'),
  column('cache_read_tokens', 'integer', 'Read from the provider’s cache'),
  column('cache_write_5m_tokens', 'integer', 'Written to a cache that lasts five minutes'),
  column('cache_write_1h_tokens', 'integer', 'Written to a cache that lasts an hour'),
  column('input_audio_tokens', 'integer', 'Sound that was read'),
  column('input_image_tokens', 'integer', 'Images that were read'),
  column('output_tokens', 'integer', 'Written, without reasoning'),
  column('reasoning_tokens', 'integer', 'Written while reasoning'),
  column('output_audio_tokens', 'integer', 'Sound that was written'),
  column('output_image_tokens', 'integer', 'Images that were written'),
];

const TOOL = [
  column('tool_name', 'text', 'The tool that was called'),
  column(
    'tool_status',
    'text',
    'success, error, timeout, rate_limited, invalid_args, blocked, or unknown',
  ),
];

const RETRIES = column('retry_count', 'integer', 'How often it was tried again');
const ERRORS = column('error_category', 'text', 'Class of the error; empty: none');
const STATUS = column('status', 'text', 'unset, ok, error, running, or unfinished');

const SPANS: readonly SqlColumn[] = [
  ...IDS,
  ...TIMES,
  column(
    'kind',
    'text',
    'agent, llm, tool, retriever, embedding, reranker, guardrail, evaluator, chain, or span',
  ),
  column('name', 'text', 'As the sender called it'),
  STATUS,
  column('is_root', 'boolean', 'Has no parent'),
  column('is_orphan', 'boolean', 'Its parent was never received'),
  ...PLACE,
  ...WHOSE,
  ...PROMPT,
  column('provider', 'text', 'openai, anthropic, gcp.gemini, …'),
  column('model', 'text', 'The model that answered'),
  column(
    'finish_reason',
    'text',
    'stop, length, tool_use, content_filter, refusal, error, cancelled, or other',
  ),
  column('ttft_ms', 'number', 'Milliseconds to the first token; NULL: not known'),
  column('streaming', 'boolean', 'The answer came in pieces'),
  column('usage_role', 'text', 'Whether its usage is a call’s own, a sum, or a copy'),
  column('counted', 'boolean', 'Counts as a call: each call once, however often it was reported'),
  column('counted_reason', 'text', 'Why it counts, or does not'),
  ...TOKENS,
  column('cost_usd', 'number', 'US dollars; NULL: the price is not known'),
  column('unpriced', 'boolean', 'Used tokens, and no price is known'),
  column('estimated', 'boolean', 'The price is of a similar model, or a guess of the usage'),
  ...TOOL,
  RETRIES,
  ERRORS,
];

const TOOL_NAMES = TOOL.map(({ name }) => name);

export const VIEWS: readonly SqlView[] = [
  {
    name: 'calls',
    meaning: 'Calls of models, each counted once: for cost, tokens and latency',
    columns: SPANS.filter(({ name }) => !TOOL_NAMES.includes(name)),
  },
  {
    name: 'tools',
    meaning: 'Calls of tools, with how each ended',
    columns: [
      ...IDS,
      ...TIMES,
      column('name', 'text', 'As the sender called it'),
      STATUS,
      ...PLACE,
      ...WHOSE,
      ...PROMPT,
      ...TOOL,
      RETRIES,
      ERRORS,
    ],
  },
  {
    name: 'traces',
    meaning: 'Runs, each with its sums',
    columns: [
      column('trace_id', 'text', '32 hex digits'),
      ...TIMES,
      column('root_name', 'text', 'Name of its root'),
      STATUS,
      column('status_message', 'text', 'What the root says of its error'),
      column('spans', 'integer', 'How many spans it has'),
      column('errors', 'integer', 'How many of them failed'),
      column('orphans', 'integer', 'How many miss their parent'),
      column('llm_calls', 'integer', 'Calls of models that count'),
      column('tool_calls', 'integer', 'Calls of tools'),
      column('input_tokens', 'integer', 'Everything read, cached or not'),
      column('output_tokens', 'integer', 'Everything written, with reasoning'),
      column('cost_usd', 'number', 'US dollars of the calls whose price is known'),
      column('unpriced_calls', 'integer', 'Calls whose price is not known'),
      ...PLACE.filter(({ name }) => name !== 'release'),
      ...WHOSE.map((one) => ({ ...one, meaning: one.meaning.replace(/;? ?inherited.*/i, '') })),
      column('models', 'list', 'Every model it called; arrayJoin(models) makes a row of each'),
    ],
  },
  {
    name: 'spans',
    meaning: 'Every span, of any kind',
    columns: SPANS,
  },
  {
    name: 'scores',
    meaning: 'What people and evaluators said of runs',
    columns: [
      column('id', 'text', 'Of the score'),
      column('at', 'time', 'When it was given, UTC'),
      column('name', 'text', 'What was judged'),
      column('type', 'text', 'Kind of value'),
      column('value', 'number', 'The score'),
      column('text', 'text', 'The score, where it is a word'),
      column('trace_id', 'text', 'The run that was judged'),
      column('span_id', 'text', 'The span; zeros: the whole run'),
      column('session_id', 'text', 'The conversation that was judged'),
      ...PROMPT.map((one) => ({ ...one, meaning: one.meaning.replace('; inherited', '') })),
      column('source', 'text', 'Who sent it: a person, an evaluator, an interface'),
      column('author', 'text', 'Of the score'),
      column('comment', 'text', 'What was said besides'),
    ],
  },
];

export const viewOf = (name: string): SqlView | undefined =>
  VIEWS.find((view) => view.name === name.toLowerCase());
