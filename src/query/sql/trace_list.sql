-- The list page: traces of a project, newest start first. `position` continues the next page. A filter
-- is put before WHERE (query/trace_list.cc).
SELECT
    lower(hex(t.trace_id)) AS trace_id,
    t.root_name AS root_name,
    fromUnixTimestamp64Nano(t.start_ns, 'UTC') AS started_at,
    t.duration_ns / 1e6 AS duration_ms,
    t.status AS status,
    t.status_message AS status_message,
    t.spans AS spans,
    t.errors AS errors,
    t.orphans AS orphans,
    t.llm_calls AS llm_calls,
    t.tool_calls AS tool_calls,
    t.input_tokens AS input_tokens,
    t.output_tokens AS output_tokens,
    -- Unknown, not zero, when no call has a price.
    if(t.cost = 0 AND t.unpriced_calls > 0, NULL, t.cost / 1e9) AS cost_usd,
    t.unpriced_calls AS unpriced_calls,
    t.service AS service,
    t.environment AS environment,
    t.feature AS feature,
    t.workflow AS workflow,
    t.user_id AS user_id,
    t.session_id AS session_id,
    t.agent AS agent,
    t.models AS models,
    toString(t.start_ns) AS position
FROM traces AS t FINAL
WHERE t.project = {project:String}
  AND toUInt16(t.day) BETWEEN {from_day:UInt16} AND {to_day:UInt16}
  AND intDiv(t.start_ns, 3600000000000) BETWEEN {min_hour:Int64} AND {max_hour:Int64}
  AND t.start_ns >= {from_ns:Int64}
  AND t.start_ns < {to_ns:Int64}
  AND (t.start_ns, t.trace_id)
      < ({before_ns:Int64}, toFixedString(unhex({before_id:String}), 16))
  AND (empty({trace_id:String}) OR t.trace_id = toFixedString(unhex({trace_id:String}), 16))
ORDER BY t.start_ns DESC, t.trace_id DESC
LIMIT {limit:UInt32}
