-- The structure of a trace, of its spans that started in [from_ns, before_ns), or of one of its spans:
-- no contents. Each span as last received, with what was resolved of it over the whole trace. (Which
-- row is the last is found without the other columns: sorting all of them takes four times as long.)
-- Empty fields are null here and left out of the answer, which makes it a third as long; cost_usd
-- stands apart because there null says something.
SELECT
    tuple(
        r.span_id AS span_id,
        r.parent_span_id AS parent_span_id,
        r.name AS name,
        r.kind AS kind,
        nullIf(r.op, '') AS op,
        r.started_at AS started_at,
        r.offset_ms AS offset_ms,
        r.duration_ms AS duration_ms,
        r.status AS status,
        nullIf(r.status_message, '') AS status_message,
        nullIf(r.is_root, false) AS is_root,
        nullIf(r.is_orphan, false) AS is_orphan,
        nullIf(r.service, '') AS service,
        nullIf(r.environment, '') AS environment,
        nullIf(r.release, '') AS release,
        nullIf(r.feature, '') AS feature,
        nullIf(r.workflow, '') AS workflow,
        nullIf(r.user_id, '') AS user_id,
        nullIf(r.session_id, '') AS session_id,
        nullIf(r.agent, '') AS agent,
        nullIf(r.prompt_name, '') AS prompt_name,
        nullIf(r.prompt_version, '') AS prompt_version,
        nullIf(r.provider, '') AS provider,
        nullIf(r.model, '') AS model,
        nullIf(r.model_requested, '') AS model_requested,
        nullIf(toString(r.finish_reason), '') AS finish_reason,
        r.streaming AS streaming,
        r.ttft_ms AS ttft_ms,
        nullIf(toString(r.usage_role), '') AS usage_role,
        nullIf(r.counted, false) AS counted,
        nullIf(r.counted_reason, '') AS counted_reason,
        r.counted_by AS counted_by,
        nullIf(r.input_tokens, 0) AS input_tokens,
        nullIf(r.cache_read_tokens, 0) AS cache_read_tokens,
        nullIf(r.cache_write_5m_tokens, 0) AS cache_write_5m_tokens,
        nullIf(r.cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
        nullIf(r.input_audio_tokens, 0) AS input_audio_tokens,
        nullIf(r.input_image_tokens, 0) AS input_image_tokens,
        nullIf(r.output_tokens, 0) AS output_tokens,
        nullIf(r.reasoning_tokens, 0) AS reasoning_tokens,
        nullIf(r.output_audio_tokens, 0) AS output_audio_tokens,
        nullIf(r.output_image_tokens, 0) AS output_image_tokens,
        nullIf(r.estimated, false) AS estimated,
        nullIf(toString(r.price_source), '') AS price_source,
        nullIf(r.tool_name, '') AS tool_name,
        nullIf(r.tool_call_id, '') AS tool_call_id,
        nullIf(toString(r.tool_status), '') AS tool_status,
        nullIf(r.retry_count, 0) AS retry_count,
        nullIf(r.mcp_server, '') AS mcp_server,
        nullIf(r.error_type, '') AS error_type,
        nullIf(toString(r.error_category), '') AS error_category
    ) AS span,
    r.cost_usd AS cost_usd
FROM
(
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
        s.price_source AS price_source,
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
          AND toUInt16(day) BETWEEN {min_start_day:UInt16} AND {max_start_day:UInt16}
          AND (empty({span_id:String}) OR span_id = toFixedString(unhex({span_id:String}), 8))
          AND start_ns >= {from_ns:Int64} AND start_ns < {before_ns:Int64}
          AND (span_id, version) IN
          (
              SELECT span_id, max(version)
              FROM spans
              WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
                AND toUInt16(day) BETWEEN {min_start_day:UInt16} AND {max_start_day:UInt16}
                AND (empty({span_id:String}) OR span_id = toFixedString(unhex({span_id:String}), 8))
              GROUP BY span_id
          )
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
) AS r
ORDER BY r.started_at, r.span_id
