-- Spans as received, of the facts of one day: structure, and the hashes of contents that payloads.sql
-- writes ({payloads} a day; the calls share them out). Parameters: day, spans, payloads.
INSERT INTO spans (keep_days, day, project, trace_id, span_id, parent_span_id, version, name, kind,
                   start_ns, duration_ns, status, status_message, service, environment, release,
                   feature, feature_explicit, workflow, user_id, session_id, agent, prompt_name,
                   prompt_version, provider, model_requested, model, finish_reason, ttft_ns,
                   streaming, has_usage, input_tokens, cache_read_tokens, output_tokens,
                   reasoning_tokens, cost, price_source, price_confidence, tool_name, tool_status,
                   retry_count, error_category, input, output, attributes)
SELECT
    3650, toDate(intDiv(f.end_ns - f.duration_ns, 86400000000000)), 'default', f.trace_id, f.span_id,
    if(f.is_root, toFixedString('', 8), toFixedString(substring(f.trace_id, 1, 8), 8)),
    4611686018427387904 + toUInt64(f.end_ns), f.name, f.kind, f.end_ns - f.duration_ns,
    f.duration_ns, f.status, if(f.status = 'error', 'the other side closed the connection', ''),
    f.service, f.environment, f.release, f.feature, f.is_root, f.workflow,
    if(f.is_root, f.user_id, ''), if(f.is_root, f.session_id, ''), f.agent,
    f.prompt_name, f.prompt_version, f.provider, f.model, f.model, f.finish_reason, f.ttft_ns,
    if(f.kind = 'llm', f.streaming, NULL), f.counted, f.input_tokens, f.cache_read_tokens,
    f.output_tokens, f.reasoning_tokens, f.cost, if(f.cost IS NULL, '', 'catalogue'),
    f.price_confidence, f.tool_name, f.tool_status, f.retry_count, f.error_category,
    if(f.kind = 'llm', [concat('#', sipHash128({day:UInt16}, toUInt64(cityHash64(f.span_id) % {payloads:UInt64}), 'content')),
                        concat('#', sipHash128({day:UInt16}, toUInt64(cityHash64(f.span_id, 1) % {payloads:UInt64}), 'content'))], []),
    multiIf(f.kind = 'llm', [concat('#', sipHash128({day:UInt16}, toUInt64(cityHash64(f.span_id, 2) % {payloads:UInt64}), 'content'))],
            f.kind = 'tool', ['={"ok":true,"rows":3}'], []),
    map('customer.tier', ['1', '2', '3'][cityHash64(f.trace_id) % 3 + 1], 'region', '"eu-west"')
FROM facts AS f
WHERE f.day = toDate({day:UInt16})
