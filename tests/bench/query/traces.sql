-- The rows of the list page, of the facts of one day. Parameters: day, spans.
INSERT INTO traces (keep_days, day, project, trace_id, rev, start_ns, duration_ns, root_name, status,
                    spans, errors, llm_calls, tool_calls, input_tokens, output_tokens, cost,
                    unpriced_calls, service, environment, feature, workflow, user_id, session_id,
                    agent, models)
SELECT
    3650, toDate(intDiv(min(f.start_ns), 86400000000000)), 'default', f.trace_id, 1,
    min(f.start_ns), max(f.end_ns) - min(f.start_ns), anyIf(f.name, f.is_root),
    anyIf(f.status, f.is_root), count(), countIf(f.status = 'error'), countIf(f.kind = 'llm'),
    countIf(f.kind = 'tool'), sum(f.input_tokens + f.cache_read_tokens),
    sum(f.output_tokens + f.reasoning_tokens), sum(ifNull(f.cost, 0)), countIf(f.unpriced),
    any(f.service), any(f.environment), any(f.feature), any(f.workflow), any(f.user_id),
    any(f.session_id), any(f.agent), arraySort(groupUniqArrayIf(f.model, f.model != ''))
FROM facts AS f
WHERE f.day = toDate({day:UInt16})
GROUP BY f.trace_id
