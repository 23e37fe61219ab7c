-- What a span has besides its place in the trace.
SELECT
    fromUnixTimestamp64Nano(toInt64(recv_ns), 'UTC') AS received_at,
    agent_id,
    response_id,
    finish_raw,
    service_tier,
    temperature,
    max_tokens,
    has_usage,
    usage_rollup,
    usage_convention,
    web_searches,
    file_searches,
    arrayMap(c -> c / 1e9, cost_by_bucket) AS cost_by_bucket_usd,
    cost_reported / 1e9 AS cost_reported_usd,
    price_confidence,
    price_version,
    price_rule,
    scope,
    scope_version,
    emitter,
    source
FROM spans
WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
  AND span_id = toFixedString(unhex({span_id:String}), 8)
ORDER BY version DESC
LIMIT 1
