-- What a story needs of each span of a trace besides its contents, in the order in which
-- query/story/load.cc reads it.
SELECT
    s.span_id,
    s.parent_span_id,
    s.name,
    s.kind,
    if(f.rev = 0, s.status, f.status),
    s.status_message,
    s.start_ns,
    s.duration_ns,
    toString(if(f.rev = 0, s.agent, f.agent)),
    s.model,
    s.finish_reason,
    f.role,
    toInt64(s.input_tokens) + s.cache_read_tokens + s.cache_write_5m_tokens
        + s.cache_write_1h_tokens + s.input_audio_tokens + s.input_image_tokens,
    toInt64(s.output_tokens) + s.reasoning_tokens + s.output_audio_tokens + s.output_image_tokens,
    if(f.rev = 0, s.cost, f.cost),
    s.tool_name,
    s.tool_call_id,
    s.tool_status,
    toInt64(s.retry_count),
    s.error_type,
    s.has_input,
    s.has_output
FROM
(
    SELECT span_id, parent_span_id, name, kind, status, status_message, start_ns, duration_ns, agent,
           model, finish_reason, input_tokens, cache_read_tokens, cache_write_5m_tokens,
           cache_write_1h_tokens, input_audio_tokens, input_image_tokens, output_tokens,
           reasoning_tokens, output_audio_tokens, output_image_tokens, cost, tool_name, tool_call_id,
           tool_status, retry_count, error_type, notEmpty(input) AS has_input,
           notEmpty(output) AS has_output
    FROM spans
    WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
    ORDER BY version DESC
    LIMIT 1 BY span_id
) AS s
ANY LEFT JOIN
(
    SELECT *
    FROM
    (
        SELECT span_id, rev, is_deleted, status, agent, role, cost
        FROM facts
        WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
          AND toUInt16(day) BETWEEN {min_day:UInt16} AND {max_day:UInt16}
          AND intDiv(end_ns, 60000000000) BETWEEN {min_minute:Int64} AND {max_minute:Int64}
        ORDER BY rev DESC
        LIMIT 1 BY is_call, intDiv(end_ns, 60000000000), span_id
    )
    WHERE is_deleted = 0
) AS f ON f.span_id = s.span_id
ORDER BY s.start_ns, s.span_id
LIMIT {limit:UInt32}
