-- The structure of a trace, or of one of its spans: no contents. Each span as last received, with
-- what was resolved of it over the whole trace.
SELECT
    lower(hex(s.span_id)) AS span_id,
    if(s.parent_span_id = toFixedString('', 8), NULL, lower(hex(s.parent_span_id)))
        AS parent_span_id,
    s.name AS name,
    s.kind AS kind,
    s.op AS op,
    fromUnixTimestamp64Nano(s.start_ns, 'UTC') AS started_at,
    (s.start_ns - {trace_start_ns:Int64}) / 1e6 AS offset_ms,
    s.duration_ns / 1e6 AS duration_ms,
    -- A span whose end never came is resolved as unfinished; the row still says running.
    if(f.rev = 0, s.status, f.status) AS status,
    s.status_message AS status_message,
    f.is_root AS is_root,
    f.is_orphan AS is_orphan,
    if(f.rev = 0, s.service, f.service) AS service,
    if(f.rev = 0, s.environment, f.environment) AS environment,
    if(f.rev = 0, s.release, f.release) AS release,
    if(f.rev = 0, s.feature, f.feature) AS feature,
    if(f.rev = 0, s.workflow, f.workflow) AS workflow,
    if(f.rev = 0, s.user_id, f.user_id) AS user_id,
    if(f.rev = 0, s.session_id, f.session_id) AS session_id,
    if(f.rev = 0, s.agent, f.agent) AS agent,
    if(f.rev = 0, s.prompt_name, f.prompt_name) AS prompt_name,
    if(f.rev = 0, s.prompt_version, f.prompt_version) AS prompt_version,
    s.provider AS provider,
    s.model AS model,
    s.model_requested AS model_requested,
    s.finish_reason AS finish_reason,
    s.streaming AS streaming,
    s.ttft_ns / 1e6 AS ttft_ms,
    f.role AS usage_role,
    f.counted AS counted,
    f.counted_reason AS counted_reason,
    if(f.counted_by = toFixedString('', 8), NULL, lower(hex(f.counted_by))) AS counted_by,
    s.input_tokens AS input_tokens,
    s.cache_read_tokens AS cache_read_tokens,
    s.cache_write_5m_tokens AS cache_write_5m_tokens,
    s.cache_write_1h_tokens AS cache_write_1h_tokens,
    s.input_audio_tokens AS input_audio_tokens,
    s.input_image_tokens AS input_image_tokens,
    s.output_tokens AS output_tokens,
    s.reasoning_tokens AS reasoning_tokens,
    s.output_audio_tokens AS output_audio_tokens,
    s.output_image_tokens AS output_image_tokens,
    if(f.rev = 0, s.cost, f.cost) / 1e9 AS cost_usd,
    s.estimated AS estimated,
    s.tool_name AS tool_name,
    s.tool_call_id AS tool_call_id,
    s.tool_status AS tool_status,
    s.retry_count AS retry_count,
    s.mcp_server AS mcp_server,
    s.error_type AS error_type,
    s.error_category AS error_category
FROM
(
    SELECT *
    FROM spans
    WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
      AND (empty({span_id:String}) OR span_id = toFixedString(unhex({span_id:String}), 8))
    ORDER BY version DESC
    LIMIT 1 BY span_id
) AS s
ANY LEFT JOIN
(
    SELECT *
    FROM
    (
        SELECT *
        FROM facts
        WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
          AND (empty({span_id:String}) OR span_id = toFixedString(unhex({span_id:String}), 8))
          AND toUInt16(day) BETWEEN {min_day:UInt16} AND {max_day:UInt16}
          AND intDiv(end_ns, 60000000000) BETWEEN {min_minute:Int64} AND {max_minute:Int64}
        ORDER BY rev DESC
        LIMIT 1 BY is_call, intDiv(end_ns, 60000000000), span_id
    )
    WHERE is_deleted = 0
) AS f ON f.span_id = s.span_id
ORDER BY s.start_ns, s.span_id
