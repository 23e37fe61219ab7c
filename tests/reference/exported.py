"""A line of the server's export (format=jsonl) -> a canonical span.

What the server made of a span when it came: fields, usage buckets, cost. What depends on the rest of
its trace is not in an export; that is computed again from here.
"""

from canonical import BUCKETS, FREE_KEY, Span

VERSION = 1
TEXTS = [
    "trace_id", "span_id", "parent_id", "name", "kind", "status", "status_message", "source",
    "scope", "service", "environment", "release", "workflow", "user_id", "session_id", "agent",
    "prompt_name", "prompt_version", "provider", "model", "response_id", "finish_reason",
    "tool_name", "tool_status", "error_type", "error_category",
]  # fmt: skip
CONTENTS = ["input", "output", "system", "tool_definitions", "reasoning"]
# Not of interest to any figure.
OTHERS = {
    "pitot", "op", "emitter", "model_requested", "service_tier", "finish_raw", "temperature",
    "max_tokens", "usage_convention", "cost_reported_nano_usd", "tool_call_id", "scope_version",
    "mcp_server", "events", "links", "agent_id",
}  # fmt: skip
FIGURES = {
    "start_ns", "duration_ns", "feature", "feature_explicit", "tags", "ttft_ns", "streaming",
    "usage", "usage_rollup", "usage_flags", "cost", "retry_count", "attributes",
}  # fmt: skip
TTL_ASSUMED, TOTAL_ONLY = 1, 4  # Bits of usage_flags.


def span_of(line):
    if line.get("pitot") != VERSION:
        raise ValueError(f"not a line of version {VERSION}: {line}")
    unknown = set(line) - set(TEXTS) - set(CONTENTS) - OTHERS - FIGURES
    if unknown:
        raise ValueError(f"span {line['span_id']}: unknown keys {sorted(unknown)}")
    span = Span(line["trace_id"], line["span_id"])
    for field in TEXTS:
        setattr(span, field, line.get(field, ""))
    span.start = line["start_ns"]
    span.end = span.start + line.get("duration_ns", 0)
    named = "feature" if line.get("feature_explicit") else "feature_fallback"
    setattr(span, named, line.get("feature", ""))
    span.tags = line.get("tags", {})
    span.ttft = line.get("ttft_ns")
    span.streaming = line.get("streaming", False)
    usage = line.get("usage")
    span.has_usage = usage is not None
    for bucket in BUCKETS:
        span.usage[bucket] = (usage or {}).get(bucket, 0)
    span.web_searches = (usage or {}).get("web_searches", 0)
    span.file_searches = (usage or {}).get("file_searches", 0)
    span.is_sum = line.get("usage_rollup", False)
    span.ttl_assumed = bool(line.get("usage_flags", 0) & TTL_ASSUMED)
    span.total_only = bool(line.get("usage_flags", 0) & TOTAL_ONLY)
    span.native_sdk = line.get("emitter") == "anthropic_native" or span.source == "gateway"
    cost = line.get("cost", {})
    span.cost = cost.get("nano_usd")
    span.price_source = cost.get("source", "")
    span.estimated = cost.get("estimated", False)
    span.retry_count = line.get("retry_count", 0)
    attributes = line.get("attributes", {})
    span.attributes = {k: v for k, v in attributes.items() if FREE_KEY.match(k)}
    span.texts = [text for content in CONTENTS for text in line.get(content, [])]
    return span
