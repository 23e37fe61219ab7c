-- Resolved spans of one day: {spans} of them, ten a trace. An agent calls a model three times and a
-- tool after each; every figure of the read path meets its columns filled. Parameters: day, spans.
INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, duration_ns,
                   kind, is_root, status, name, service, environment, release, feature, workflow,
                   user_id, session_id, agent, prompt_name, prompt_version, provider, model,
                   finish_reason, ttft_ns, streaming, role, counted, input_tokens,
                   cache_read_tokens, output_tokens, reasoning_tokens, cost, unpriced,
                   price_confidence, tool_name, tool_status, retry_count, error_category)
SELECT
    3650, toDate({day:UInt16}), 'default', is_llm,
    start_ns + offset_ns + duration, trace_id,
    reinterpretAsFixedString(cityHash64(trace, place, 1)), 1,
    duration,
    ['agent', 'llm', 'tool', 'span', 'llm', 'tool', 'span', 'llm', 'tool', 'retriever'][place + 1],
    place = 0,
    multiIf(failed, 'error', is_llm, 'ok', 'unset'),
    multiIf(place = 0, concat('answer ', feature_name), is_llm, concat('chat ', model_name),
            is_tool, concat('execute ', tool), place = 9, 'retrieve', concat('step ', toString(place))),
    concat('service-', toString(feature % 5)),
    if(h % 10 = 0, 'staging', 'production'),
    concat('v', toString(intDiv({day:UInt16}, 7) % 9)),
    feature_name,
    concat('flow-', toString(feature % 7)),
    concat('user-', toString(user)),
    concat('session-', toString(user), '-', toString({day:UInt16}), '-', toString(h % 3)),
    concat('agent-', toString(feature % 8)),
    concat('prompt-', toString(feature)),
    toString(3 + ({day:UInt16} % 30 > 15)),
    if(is_llm, ['anthropic', 'openai', 'gemini'][model % 3 + 1], ''),
    if(is_llm, model_name, ''),
    multiIf(NOT is_llm, '', failed, 'error', place = 7, 'stop', 'tool_use'),
    if(is_llm AND streaming, intDiv(duration, 5), NULL), is_llm AND streaming,
    if(is_llm, 'leaf', ''), is_llm,
    if(is_llm, 400 + h2 % 3000, 0), if(is_llm AND h2 % 2 = 0, h2 % 9000, 0),
    if(is_llm, 20 + h2 % 700, 0), if(is_llm AND model < 3, h2 % 300, 0),
    if(is_llm AND model < 11, toInt64((400 + h2 % 3000) * 150 * (model + 1) + (20 + h2 % 700) * 600), NULL),
    is_llm AND model = 11,
    if(is_llm AND model < 11, 'exact', ''),
    if(is_tool, tool, ''),
    multiIf(NOT is_tool, '', NOT failed, 'success', h2 % 3 = 0, 'timeout', h2 % 3 = 1, 'error', 'invalid_args'),
    is_tool AND h2 % 50 = 0,
    multiIf(NOT failed, '', is_llm AND h2 % 2 = 0, 'rate_limit', is_llm, 'overloaded', is_tool, 'tool', 'internal')
FROM
(
    SELECT
        intDiv(number, 10) AS trace,
        number % 10 AS place,
        cityHash64({day:UInt16}, trace) AS h,
        cityHash64(h, place) AS h2,
        sipHash128({day:UInt16}, trace) AS trace_id,
        place IN (1, 4, 7) AS is_llm,
        place IN (2, 5, 8) AS is_tool,
        h2 % 97 = 0 AS failed,
        toUInt32(pow(h % 65536 / 65536, 2) * 20) AS feature,
        concat('feature-', toString(feature)) AS feature_name,
        toUInt32(pow(intDiv(h, 65536) % 65536 / 65536, 2) * 20000) AS user,
        toUInt32(pow(intDiv(h2, 65536) % 65536 / 65536, 2) * 12) AS model,
        concat('model-', toString(model)) AS model_name,
        concat('tool_', toString(intDiv(h2, 256) % 25)) AS tool,
        h2 % 4 != 0 AS streaming,
        toInt64({day:UInt16}) * 86400000000000 + toInt64(intDiv(h, 1024) % 86000) * 1000000000
            + toInt64(h % 1000000000) AS start_ns,
        toInt64(place) * 1500000000 AS offset_ns,
        -- Log-normal: the median is 0.9 s, one in a hundred takes ten times that.
        if(place = 0, 16000000000 + toInt64(h2 % 4000000000),
           toInt64(900000000 * exp(sqrt(-2 * log((intDiv(h2, 4096) % 1000000 + 1) / 1000001.))
                                   * cos(6.283185307 * (intDiv(h2, 8192) % 1000000) / 1000000.))))
            AS duration
    FROM numbers({spans:UInt64})
)
