"""A span as it was sent (a line of JSON Lines, or of OTLP/JSON made into one) -> a canonical span.

Only what the generator sends and the export writes is understood, and everything else is an error:
so a key that the export invents is noticed. Prices are those of PRICES, which run.py hands to the
server as its prices.yaml; models that are not in it have no price.
"""

import dataclasses
import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

INPUT_BUCKETS = [
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "input_audio_tokens", "input_image_tokens",
]  # fmt: skip
OUTPUT_BUCKETS = ["output_tokens", "reasoning_tokens", "output_audio_tokens", "output_image_tokens"]
BUCKETS = INPUT_BUCKETS + OUTPUT_BUCKETS
CALL_KINDS = ("llm", "embedding", "reranker")

# Dollars a million tokens: model (or glob), input, output, and what differs from them.
PRICES = [
    ("ref-large", "3", "15",
     {"cache_read": "0.3", "cache_write_5m": "3.75", "cache_write_1h": "6"}),
    ("ref-small", "0.150001", "0.600007", {"reasoning": "0.7", "cache_read": "0.000123"}),
    ("ref-free", "0", "0", {}),
    ("ref-embed", "0.02", "0", {}),
    ("ref-rerank", "0.000333", "0", {}),
    ("claude-ref-*", "1.1", "5.5", {"cache_write_1h": "2.2", "input_audio": "9"}),
]  # fmt: skip
# Of calls with more input than this, all of ref-large costs twice as much a token.
TIER_MODEL, TIER_ABOVE, TIER_TIMES = "ref-large", 20_000, 2


def prices_yaml():
    out = ["prices:"]
    for model, price_in, price_out, more in PRICES:
        out.append(f'  - model: "{model}"')
        out.append("    per_million_usd:")
        listed = {"input": price_in, "output": price_out, **more}
        out += [f"      {key}: {value}" for key, value in listed.items()]
        if model == TIER_MODEL:
            out.append("    tiers:")
            out.append(f"      - above_input_tokens: {TIER_ABOVE}")
            out += [f"        {k}: {Decimal(v) * TIER_TIMES}" for k, v in listed.items()]
    return "\n".join(out) + "\n"


@dataclasses.dataclass
class Span:
    trace_id: str
    span_id: str
    parent_id: str = ""
    name: str = ""
    kind: str = "span"
    start: int = 0
    end: int = 0
    status: str = "unset"
    status_message: str = ""
    source: str = "jsonl"
    scope: str = ""
    service: str = ""
    environment: str = ""
    release: str = ""
    feature: str = ""  # Explicit.
    feature_fallback: str = ""
    workflow: str = ""
    user_id: str = ""
    session_id: str = ""
    agent: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    provider: str = ""
    model: str = ""
    response_id: str = ""
    finish_reason: str = ""
    ttft: int | None = None
    streaming: bool = False
    has_usage: bool = False
    usage: dict = dataclasses.field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    web_searches: int = 0
    file_searches: int = 0
    is_sum: bool = False  # The emitter says that the usage is a sum over what is below.
    ttl_assumed: bool = False
    total_only: bool = False
    native_sdk: bool = False
    cost: int | None = None  # Nano-USD.
    price_source: str = ""
    estimated: bool = False
    tool_name: str = ""
    tool_status: str = ""
    retry_count: int = 0
    error_type: str = ""
    error_category: str = ""
    tags: dict = dataclasses.field(default_factory=dict)
    attributes: dict = dataclasses.field(default_factory=dict)  # Those no field above took.
    texts: list = dataclasses.field(default_factory=list)  # Of messages, arguments and results.

    @property
    def input_total(self):
        return sum(self.usage[b] for b in INPUT_BUCKETS)

    @property
    def output_total(self):
        return sum(self.usage[b] for b in OUTPUT_BUCKETS)


# Field -> attribute keys, the best first.
TEXT_KEYS = {
    "service": ["service.name"],
    "environment": ["deployment.environment.name"],
    "release": ["service.version"],
    "feature": ["feature", "pitot.feature"],
    "feature_fallback": ["workflow.name"],
    "workflow": ["pitot.workflow", "gen_ai.workflow.name", "workflow.name", "workflow"],
    "user_id": ["pitot.user", "user.id", "user_id"],
    "session_id": ["pitot.session", "session.id", "session_id"],
    "agent": ["pitot.agent", "gen_ai.agent.name", "agent.name"],
    "prompt_name": ["pitot.prompt", "gen_ai.prompt.name", "prompt.name"],
    "prompt_version": ["pitot.prompt_version", "gen_ai.prompt.version", "prompt.version"],
    "provider": ["gen_ai.provider.name", "gen_ai.system"],
    "response_id": ["gen_ai.response.id"],
    "tool_name": ["gen_ai.tool.name", "tool.name", "tool_name"],
    "error_type": ["error.type"],
}
COUNT_KEYS = {
    "input": ["gen_ai.usage.input_tokens", "gen_ai.aggregated_usage.input_tokens"],
    "output": ["gen_ai.usage.output_tokens", "gen_ai.aggregated_usage.output_tokens"],
    "total": ["gen_ai.usage.total_tokens"],
    "cache_read": ["gen_ai.usage.cache_read.input_tokens"],
    "cache_write": ["gen_ai.usage.cache_write.input_tokens"],
    "cache_write_5m": ["anthropic.usage.cache_creation.ephemeral_5m_input_tokens"],
    "cache_write_1h": ["anthropic.usage.cache_creation.ephemeral_1h_input_tokens"],
    "reasoning": ["gen_ai.usage.reasoning.output_tokens"],
    "input_audio": ["gen_ai.usage.audio.input_tokens"],
    "input_image": ["gen_ai.usage.image.input_tokens"],
    "output_audio": ["gen_ai.usage.audio.output_tokens"],
    "output_image": ["gen_ai.usage.image.output_tokens"],
    "web_searches": ["anthropic.usage.server_tool_use.web_search_requests"],
}
SUM_PREFIX = "gen_ai.aggregated_usage."
OTHER_KEYS = {
    "gen_ai.operation.name", "gen_ai.request.model", "gen_ai.response.model",
    "gen_ai.response.finish_reasons", "gen_ai.response.time_to_first_chunk", "ttft_ms",
    "gen_ai.request.stream", "gen_ai.usage.cost", "cost_usd", "tool.status", "gen_ai.tool.status",
    "retry_count", "tags", "gen_ai.tool.call.id", "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result", "gen_ai.input.messages", "gen_ai.output.messages",
    "gen_ai.system_instructions",
}  # fmt: skip
TEXT_ATTRIBUTES = [
    "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.input.messages",
    "gen_ai.output.messages", "gen_ai.system_instructions",
]  # fmt: skip
KNOWN_KEYS = (
    OTHER_KEYS
    | {key for keys in TEXT_KEYS.values() for key in keys}
    | {key for keys in COUNT_KEYS.values() for key in keys}
)
# Keys the generator makes up; they stay attributes.
FREE_KEY = re.compile(r"^(customer\.tier|score|note|ünï key|n\.[a-z]+)$")

ABSENT = {"", "{}", "[]", "null", "None", "N/A", "Unknown", "no-model", "[REDACTED]", "<REDACTED>"}
PROVIDERS = {"google": "gcp.gemini", "mistral": "mistral_ai", "bedrock": "aws.bedrock"}
PROVIDER_OF_MODEL = {"gpt-": "openai", "claude": "anthropic", "gemini": "gcp.gemini"}
FINISH = {
    "stop": "stop", "end_turn": "stop", "length": "length", "max_tokens": "length",
    "tool_calls": "tool_use", "tool_use": "tool_use", "content_filter": "content_filter",
    "refusal": "refusal", "error": "error", "cancelled": "cancelled",
}  # fmt: skip
ERROR_CATEGORY = {
    "rate_limit_error": "rate_limit", "timeout": "timeout", "overloaded_error": "overloaded",
    "context_length_exceeded": "context_length", "authentication_error": "auth",
    "ValidationError": "invalid_args", "tool_error": "tool", "ConnectionError": "network",
    "JSONDecodeError": "parse", "insufficient_quota": "quota", "content_filter": "content_filter",
    "internal_error": "internal", "503": "overloaded", "404": "invalid_args", "Weird": "",
}  # fmt: skip
TOOL_STATUS = {
    "success": "success", "ok": "success", "error": "error", "failed": "error",
    "timeout": "timeout", "rate_limited": "rate_limited", "invalid_args": "invalid_args",
    "blocked": "blocked", "rejected": "blocked",
}  # fmt: skip
TOOL_STATUS_OF_ERROR = {
    "timeout": "timeout", "rate_limit": "rate_limited", "invalid_args": "invalid_args",
    "content_filter": "blocked",
}  # fmt: skip
KIND_OF_OPERATION = {
    "chat": "llm", "embeddings": "embedding", "rerank": "reranker", "execute_tool": "tool",
    "invoke_agent": "agent", "invoke_workflow": "chain", "retrieval": "retriever",
    "moderation": "guardrail",
}  # fmt: skip
LINE_KEYS = {
    "trace_id", "span_id", "parent_id", "name", "kind", "start", "end", "duration_ms", "status",
    "error", "attrs", "scope", "source",
}  # fmt: skip


def round_half_up(value):
    """Of a float or Fraction, as llround does for what is not negative."""
    if isinstance(value, Fraction):
        return math.floor(value + Fraction(1, 2))
    return int(Decimal(value).to_integral_value(ROUND_HALF_UP))


def parse_time(value):
    """RFC 3339 or Unix nanoseconds -> nanoseconds."""
    if isinstance(value, int):
        if value < 10**17:
            raise ValueError(f"{value} is no nanoseconds")
        return value
    match = re.fullmatch(
        r"(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", value
    )
    if not match:
        raise ValueError(f"{value!r} is no RFC 3339 time")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    nanos = int((match[7] or "").ljust(9, "0") or 0)
    seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    if match[8] != "Z":
        sign = 1 if match[8][0] == "-" else -1
        seconds += sign * (int(match[8][1:3]) * 3600 + int(match[8][4:]) * 60)
    return seconds * 10**9 + nanos


def days_from_civil(year, month, day):
    import datetime

    return datetime.date(year, month, day).toordinal() - datetime.date(1970, 1, 1).toordinal()


def canonical(line, attrs_below=()):
    """`line`: a parsed line of JSON Lines. `attrs_below`: attributes of scope and resource."""
    unknown = set(line) - LINE_KEYS
    if unknown:
        raise ValueError(f"span {line.get('span_id')}: unknown keys {sorted(unknown)}")
    attrs = dict(attrs_below) | line.get("attrs", {})
    span = Span(line["trace_id"], line["span_id"], line.get("parent_id") or "")
    span.name = line.get("name", "")
    span.source = line.get("source", "jsonl")
    span.scope = line.get("scope", "")
    set_times_and_status(span, line, attrs)
    for field, keys in TEXT_KEYS.items():
        for key in keys:
            if str(attrs.get(key, "")) not in ABSENT:
                setattr(span, field, str(attrs[key]))
                break
    if span.feature:
        span.feature_fallback = ""
    set_model(span, attrs)
    set_kind(span, line, attrs)
    set_usage(span, attrs)
    set_money(span, attrs)
    set_error(span)
    set_tool(span, attrs)
    set_rest(span, attrs)
    return span


def set_times_and_status(span, line, attrs):
    span.start = span.end = parse_time(line["start"])
    span.status = line.get("status", "unset")
    error = line.get("error")
    if error:
        span.status = "error"
        if isinstance(error, str):
            span.status_message = error
        elif isinstance(error, dict):
            span.status_message = error.get("message", "")
            if "type" in error:
                attrs["error.type"] = error["type"]
    if span.status != "running":
        if "duration_ms" in line:
            span.end = span.start + round_half_up(line["duration_ms"] * 1e6)
        elif "end" in line:
            span.end = max(span.start, parse_time(line["end"]))


def set_model(span, attrs):
    for key in ("gen_ai.response.model", "gen_ai.request.model"):
        if str(attrs.get(key, "")) not in ABSENT:
            span.model = attrs[key]
            break
    word = span.provider.lower()
    span.provider = PROVIDERS.get(word, word)
    if not word:
        for prefix, provider in PROVIDER_OF_MODEL.items():
            if span.model.startswith(prefix):
                span.provider = provider
                break
    reasons = attrs.get("gen_ai.response.finish_reasons") or []
    reasons = [reasons] if isinstance(reasons, str) else reasons
    if reasons:
        span.finish_reason = FINISH.get(reasons[0].lower().replace("-", "_"), "other")
    if attrs.get("gen_ai.response.time_to_first_chunk") is not None:
        span.ttft = round_half_up(attrs["gen_ai.response.time_to_first_chunk"] * 1e9)
    elif attrs.get("ttft_ms") is not None:
        span.ttft = round_half_up(attrs["ttft_ms"] * 1e6)
    span.streaming = attrs.get("gen_ai.request.stream") is True


def set_kind(span, line, attrs):
    if line.get("kind"):
        span.kind = line["kind"]
    else:
        span.kind = KIND_OF_OPERATION.get(attrs.get("gen_ai.operation.name"), "span")


def set_usage(span, attrs):
    """Section "Usage buckets" of ARCHITECTURE.md, in its order."""
    reported = {}
    for field, keys in COUNT_KEYS.items():
        for key in keys:
            value = attrs.get(key)
            if value is not None and str(value) not in ABSENT:
                reported[field] = int(value)
                span.is_sum |= key.startswith(SUM_PREFIX)
                break
    if not reported:
        return
    span.has_usage = True
    span.web_searches = reported.get("web_searches", 0)
    usage, get = span.usage, lambda field: reported.get(field, 0)
    if "total" in reported and "input" not in reported and "output" not in reported:
        if span.kind == "embedding":
            usage["input_tokens"] = reported["total"]
        else:
            span.total_only = True
        return
    write_5m, write_1h = get("cache_write_5m"), get("cache_write_1h")
    write = max(get("cache_write"), write_5m + write_1h)
    split_known = "cache_write_5m" in reported or "cache_write_1h" in reported
    span.ttl_assumed = write > 0 and not split_known
    cached = get("cache_read") + write
    outside = get("input") < cached or (
        "total" in reported and reported["total"] == get("input") + get("output") + cached
    )
    plain = get("input") if outside and cached > 0 else max(0, get("input") - cached)
    usage["cache_read_tokens"] = get("cache_read")
    usage["cache_write_1h_tokens"] = write_1h
    usage["cache_write_5m_tokens"] = write - write_1h
    usage["input_audio_tokens"] = min(plain, get("input_audio"))
    plain -= usage["input_audio_tokens"]
    usage["input_image_tokens"] = min(plain, get("input_image"))
    usage["input_tokens"] = plain - usage["input_image_tokens"]
    output, reasoning = get("output"), get("reasoning")
    total = reported.get("total")
    beside = reasoning > output or (
        reasoning > 0 and total == get("input") + output + reasoning
    )
    usage["reasoning_tokens"] = reasoning
    output -= 0 if beside else reasoning
    usage["output_audio_tokens"] = min(output, get("output_audio"))
    output -= usage["output_audio_tokens"]
    usage["output_image_tokens"] = min(output, get("output_image"))
    usage["output_tokens"] = output - usage["output_image_tokens"]


PRICE_KEY = {
    "input_tokens": ["input"],
    "cache_read_tokens": ["cache_read", "input"],
    "cache_write_5m_tokens": ["cache_write_5m", "input"],
    "cache_write_1h_tokens": ["cache_write_1h", "cache_write_5m", "input"],
    "input_audio_tokens": ["input_audio", "input"],
    "input_image_tokens": ["input_image", "input"],
    "output_tokens": ["output"],
    "reasoning_tokens": ["reasoning", "output"],
    "output_audio_tokens": ["output_audio", "output"],
    "output_image_tokens": ["output_image", "output"],
}


def table_price(span):
    """(nano-USD or None, estimated)."""
    name = span.model.strip().lower()
    for model, price_in, price_out, more in PRICES:
        if name != model and not (model.endswith("*") and name.startswith(model[:-1])):
            continue
        listed = {"input": price_in, "output": price_out, **more}
        times = TIER_TIMES if model == TIER_MODEL and span.input_total > TIER_ABOVE else 1
        usd = Fraction(0)
        for bucket, keys in PRICE_KEY.items():
            per_million = Fraction(next(listed[k] for k in keys if k in listed))
            usd += span.usage[bucket] * per_million * times / 1_000_000
        # A server tool's fee is not in the list.
        return round_half_up(usd * 10**9), span.web_searches + span.file_searches > 0
    return None, False


def set_money(span, attrs):
    reported = None
    for key in ("gen_ai.usage.cost", "cost_usd"):
        if attrs.get(key) is not None:
            reported = round_half_up(float(attrs[key]) * 1e9)
            break
    if not span.has_usage and reported is None:
        return
    table, estimated = table_price(span) if span.has_usage and span.model else (None, False)
    unknown = reported is None or (reported == 0 and span.input_total + span.output_total > 0)
    if unknown or (table and reported > 100 * table):
        span.cost = table
        span.estimated = table is not None and estimated
        span.price_source = "" if table is None else "override"
    else:
        span.cost, span.price_source = reported, "provider"


def set_error(span):
    if span.status != "error" and not span.error_type:
        return
    # Messages of generated errors tell nothing more than their type.
    category = ERROR_CATEGORY[span.error_type] if span.error_type else ""
    span.error_category = category or ("tool" if span.kind == "tool" else "unknown")


def set_tool(span, attrs):
    span.retry_count = int(attrs.get("retry_count") or 0)
    if span.kind != "tool":
        return
    word = str(attrs.get("gen_ai.tool.status") or attrs.get("tool.status") or "").lower()
    if word in TOOL_STATUS:
        span.tool_status = TOOL_STATUS[word]
    elif span.error_category:
        span.tool_status = TOOL_STATUS_OF_ERROR.get(span.error_category, "error")
    elif span.status != "running":
        span.tool_status = "success"


def set_rest(span, attrs):
    tags = attrs.get("tags") or []
    for tag in tags.split(",") if isinstance(tags, str) else tags:
        if tag.strip():
            span.tags[tag.strip()] = ""
    for key, value in attrs.items():
        if key.startswith("tag."):
            span.tags[key[4:]] = str(value)
        elif key not in KNOWN_KEYS:
            if not FREE_KEY.match(key):
                raise ValueError(f"span {span.span_id}: unknown attribute {key!r}")
            span.attributes[key] = value
    for key in TEXT_ATTRIBUTES:
        if key in attrs:
            value = attrs[key]
            span.texts.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    span.native_sdk = span.scope.startswith("com.anthropic.sdk.") or span.source == "gateway"
