-- One trace of {spans} spans on one day, {trace} its id: a root, and agents with a hundred spans each.
-- Parameters: day, spans, trace.
INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, duration_ns,
                   kind, is_root, status, name, service, feature, user_id, session_id, agent, provider,
                   model, finish_reason, streaming, role, counted, input_tokens, output_tokens, cost,
                   price_confidence, tool_name, tool_status)
SELECT
    3650, toDate({day:UInt16}), 'default', number % 2 = 1,
    toInt64({day:UInt16}) * 86400000000000 + 3600000000000 + number * 50000000,
    unhex({trace:String})::FixedString(16), reinterpretAsFixedString(cityHash64(number, 'large')), 1,
    40000000, multiIf(number % 100 = 0, 'agent', number % 2 = 1, 'llm', 'tool'), number = 0,
    if(number % 97 = 5, 'error', 'ok'), concat('step ', toString(number % 12)), 'service-0',
    'feature-large', 'user-large', 'session-large', concat('agent-', toString(intDiv(number, 5000))),
    if(number % 2 = 1, 'anthropic', ''), if(number % 2 = 1, 'model-0', ''),
    if(number % 2 = 1, 'tool_use', ''), number % 2 = 1, if(number % 2 = 1, 'leaf', ''),
    number % 2 = 1, if(number % 2 = 1, 900, 0), if(number % 2 = 1, 80, 0),
    if(number % 2 = 1, 210000, NULL), if(number % 2 = 1, 'exact', ''),
    if(number % 2 = 0 AND number % 100 != 0, 'tool_1', ''),
    if(number % 2 = 0 AND number % 100 != 0, 'success', '')
FROM numbers({spans:UInt64})
