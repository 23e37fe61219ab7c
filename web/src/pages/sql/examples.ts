// Questions to begin with: the five that Pitot is for, and two more, as SQL.

export interface Example {
  question: string;
  sql: string;
  show?: 'chart'; // Else as a table.
}

export const EXAMPLES: readonly Example[] = [
  {
    question: 'What did the agents do?',
    sql: `-- The latest runs, each with what it took
SELECT started_at, trace_id, root_name, feature, status, duration_ms,
       llm_calls, tool_calls, cost_usd
FROM traces
WHERE started_at >= now() - INTERVAL 1 DAY
ORDER BY started_at DESC
LIMIT 200`,
  },
  {
    question: 'Which tools failed, and how?',
    sql: `-- Statuses of tool calls, the worst tools first
SELECT
  tool_name,
  count() AS tool_calls,
  countIf(tool_status NOT IN ('success', 'unknown')) AS failed,
  round(100 * failed / tool_calls, 1) AS failed_percent,
  countIf(tool_status = 'timeout') AS timeouts,
  countIf(tool_status = 'invalid_args') AS invalid_args,
  sum(retry_count) AS retries
FROM tools
WHERE ended_at >= now() - INTERVAL 1 DAY
GROUP BY tool_name
ORDER BY failed DESC`,
  },
  {
    question: 'What does it cost?',
    sql: `-- Dollars an hour by model; a call without a known price adds nothing
SELECT toStartOfHour(ended_at) AS hour, model, sum(cost_usd) AS usd
FROM calls
WHERE ended_at >= now() - INTERVAL 1 DAY
GROUP BY hour, model
ORDER BY hour`,
    show: 'chart',
  },
  {
    question: 'What got worse with the last prompt change?',
    sql: `-- Versions of each prompt side by side
SELECT
  prompt_name,
  prompt_version,
  uniqExact(trace_id) AS runs,
  count() AS tool_calls,
  round(100 * countIf(tool_status = 'invalid_args') / count(), 1) AS invalid_args_percent,
  round(quantileExact(0.95)(duration_ms)) AS p95_ms,
  min(started_at) AS first_used
FROM tools
WHERE prompt_name != '' AND ended_at >= now() - INTERVAL 7 DAY
GROUP BY prompt_name, prompt_version
ORDER BY prompt_name, first_used`,
  },
  {
    question: 'Who burns the budget?',
    sql: `-- Spending by user and feature
SELECT user_id, feature, sum(cost_usd) AS usd, count() AS model_calls
FROM calls
WHERE ended_at >= now() - INTERVAL 1 DAY
GROUP BY user_id, feature
ORDER BY usd DESC
LIMIT 20`,
  },
  {
    question: 'How fast do the models answer?',
    sql: `-- Percentiles of latency, and of the time to the first token
SELECT
  provider,
  model,
  count() AS model_calls,
  round(quantileExact(0.5)(duration_ms)) AS p50_ms,
  round(quantileExact(0.99)(duration_ms)) AS p99_ms,
  round(quantileExact(0.5)(ttft_ms)) AS ttft_p50_ms
FROM calls
WHERE ended_at >= now() - INTERVAL 1 DAY
GROUP BY provider, model
ORDER BY model_calls DESC`,
  },
  {
    question: 'Which context is not cached?',
    sql: `-- Share of the tokens read that came from the provider's cache
SELECT
  feature,
  model,
  sum(cache_read_tokens) AS cached,
  sum(input_tokens + cache_write_5m_tokens + cache_write_1h_tokens) AS not_cached,
  round(100 * cached / nullIf(cached + not_cached, 0), 1) AS cached_percent
FROM calls
WHERE ended_at >= now() - INTERVAL 1 DAY
GROUP BY feature, model
ORDER BY not_cached DESC`,
  },
];
