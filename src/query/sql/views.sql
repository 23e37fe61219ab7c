-- What a user's SQL sees: one project, ids as hex, money in US dollars, attribution inherited, each
-- span and trace once. Prepended to the user's statement as WITH.
WITH
spans AS
(
    SELECT
        lower(hex(f.trace_id)) AS trace_id,
        lower(hex(f.span_id)) AS span_id,
        fromUnixTimestamp64Nano(f.start_ns, 'UTC') AS started_at,
        fromUnixTimestamp64Nano(f.end_ns, 'UTC') AS ended_at,
        f.duration_ns / 1e6 AS duration_ms,
        toString(f.kind) AS kind,
        f.name AS name,
        toString(f.status) AS status,
        f.is_root AS is_root,
        f.is_orphan AS is_orphan,
        f.service AS service,
        f.environment AS environment,
        f.release AS release,
        f.feature AS feature,
        f.workflow AS workflow,
        f.user_id AS user_id,
        f.session_id AS session_id,
        f.agent AS agent,
        f.prompt_name AS prompt_name,
        f.prompt_version AS prompt_version,
        f.provider AS provider,
        f.model AS model,
        toString(f.finish_reason) AS finish_reason,
        f.ttft_ns / 1e6 AS ttft_ms,
        f.streaming AS streaming,
        toString(f.role) AS usage_role,
        f.counted AS counted,
        f.counted_reason AS counted_reason,
        f.input_tokens AS input_tokens,
        f.cache_read_tokens AS cache_read_tokens,
        f.cache_write_5m_tokens AS cache_write_5m_tokens,
        f.cache_write_1h_tokens AS cache_write_1h_tokens,
        f.input_audio_tokens AS input_audio_tokens,
        f.input_image_tokens AS input_image_tokens,
        f.output_tokens AS output_tokens,
        f.reasoning_tokens AS reasoning_tokens,
        f.output_audio_tokens AS output_audio_tokens,
        f.output_image_tokens AS output_image_tokens,
        f.cost / 1e9 AS cost_usd,
        f.unpriced AS unpriced,
        f.estimated AS estimated,
        f.tool_name AS tool_name,
        toString(f.tool_status) AS tool_status,
        f.retry_count AS retry_count,
        toString(f.error_category) AS error_category
    FROM facts AS f FINAL
    WHERE f.project = {project:String}
),
calls AS (SELECT * EXCEPT (tool_name, tool_status) FROM spans WHERE counted),
tools AS
(
    SELECT trace_id, span_id, started_at, ended_at, duration_ms, name, status, service, environment,
           release, feature, workflow, user_id, session_id, agent, prompt_name, prompt_version,
           tool_name, tool_status, retry_count, error_category
    FROM spans
    WHERE kind = 'tool'
),
traces AS
(
    SELECT
        lower(hex(t.trace_id)) AS trace_id,
        fromUnixTimestamp64Nano(t.start_ns, 'UTC') AS started_at,
        fromUnixTimestamp64Nano(t.start_ns + t.duration_ns, 'UTC') AS ended_at,
        t.duration_ns / 1e6 AS duration_ms,
        t.root_name AS root_name,
        toString(t.status) AS status,
        t.status_message AS status_message,
        t.spans AS spans,
        t.errors AS errors,
        t.orphans AS orphans,
        t.llm_calls AS llm_calls,
        t.tool_calls AS tool_calls,
        t.input_tokens AS input_tokens,
        t.output_tokens AS output_tokens,
        t.cost / 1e9 AS cost_usd,
        t.unpriced_calls AS unpriced_calls,
        t.service AS service,
        t.environment AS environment,
        t.feature AS feature,
        t.workflow AS workflow,
        t.user_id AS user_id,
        t.session_id AS session_id,
        t.agent AS agent,
        t.models AS models
    FROM traces AS t FINAL
    WHERE t.project = {project:String}
),
scores AS
(
    SELECT
        s.id AS id,
        fromUnixTimestamp64Nano(s.at_ns, 'UTC') AS at,
        s.name AS name,
        toString(s.type) AS type,
        s.value AS value,
        s.text AS text,
        lower(hex(s.trace_id)) AS trace_id,
        lower(hex(s.span_id)) AS span_id,
        s.session_id AS session_id,
        s.prompt_name AS prompt_name,
        s.prompt_version AS prompt_version,
        s.source AS source,
        s.author AS author,
        s.comment AS comment
    FROM scores AS s FINAL
    WHERE s.project = {project:String}
)
