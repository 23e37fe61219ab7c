"""Filter expressions beside what they mean, as a Python condition over a fact.

Null is None or the empty text: `=`, `in`, `~` and comparisons do not hold for it, `!=`, `!~` and NOT
do (design of the filter language: docs, "Filter language").
"""

import dataclasses
import json
import re

import moments


@dataclasses.dataclass(frozen=True)
class Filter:
    text: str
    holds: object  # Of a fact.


def attr(fact, key):
    """An attribute as text: of a JSON text its content, of anything else the JSON."""
    value = fact.attributes.get(key)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def number(text):
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) else None


def has_words(fact, words):
    """Full text over name, message of the status and contents: whole words, any case."""
    parts = [re.escape(word) for word in words.split()]
    pattern = re.compile(r"(?<![A-Za-z0-9_])" + r"\s+".join(parts) + r"(?![A-Za-z0-9_])", re.I)
    texts = [fact.name, fact.status_message, *fact.texts]
    return any(pattern.search(text) for text in texts)


def speed(fact):
    """Tokens a second, or None: with reasoning, after the first token where that is known."""
    tokens = fact.usage["output_tokens"] + fact.usage["reasoning_tokens"]
    if tokens == 0 or fact.duration <= 0:
        return None
    rest = fact.duration
    if fact.streaming and fact.ttft is not None and rest - fact.ttft >= 50_000_000:
        rest -= fact.ttft
    return tokens * 1e9 / rest


def trace_cost(trace):
    return None if trace.cost == 0 and trace.unpriced_calls > 0 else trace.cost


def above(value, bound):
    return value is not None and value > bound


MS = 1_000_000

FILTERS = [
    Filter("kind = llm", lambda f: f.kind == "llm"),
    Filter("kind in (tool, agent)", lambda f: f.kind in ("tool", "agent")),
    Filter("kind NOT IN (llm,tool)", lambda f: f.kind not in ("llm", "tool")),
    Filter("kind != llm and status = error", lambda f: f.kind != "llm" and f.status == "error"),
    Filter("status = running OR status = unfinished",
           lambda f: f.status in ("running", "unfinished")),
    Filter("not status = error", lambda f: f.status != "error"),
    Filter('feature = "support chat"', lambda f: f.feature == "support chat"),
    Filter("feature != checkout", lambda f: f.feature != "checkout"),
    Filter('feature in (checkout, "søk")',
           lambda f: f.feature in ("checkout", "søk")),
    Filter('feature ~ "^(check|ref)"', lambda f: f.feature.startswith(("check", "ref"))),
    Filter('feature !~ "o"', lambda f: "o" not in f.feature),
    Filter("user_id = null", lambda f: not f.user_id),
    Filter("user_id != null", lambda f: bool(f.user_id)),
    Filter("user_id != ann", lambda f: f.user_id != "ann"),
    Filter('user_id = "用户-3" or user_id = carol@example.org',
           lambda f: f.user_id in ("用户-3", "carol@example.org")),
    Filter("session_id in (s1, s2, s3)", lambda f: f.session_id in ("s1", "s2", "s3")),
    Filter("workflow = triage service = api",
           lambda f: f.workflow == "triage" and f.service == "api"),
    Filter("(environment = prod OR release = 1.1) NOT agent = planner",
           lambda f: (f.environment == "prod" or f.release == "1.1") and f.agent != "planner"),
    Filter("prompt_name = greet AND prompt_version = 3",
           lambda f: f.prompt_name == "greet" and f.prompt_version == "3"),
    Filter("prompt_version != null prompt_name = null",
           lambda f: bool(f.prompt_version) and not f.prompt_name),
    Filter("model ~ \"^ref-\"", lambda f: f.model.startswith("ref-")),
    Filter("model = ref-small provider != openai",
           lambda f: f.model == "ref-small" and f.provider != "openai"),
    Filter('model = "Modell-Ü" OR provider = gcp.gemini',
           lambda f: f.model == "Modell-Ü" or f.provider == "gcp.gemini"),
    Filter("finish_reason in (length, tool_use)",
           lambda f: f.finish_reason in ("length", "tool_use")),
    Filter("finish_reason = null kind = llm", lambda f: not f.finish_reason and f.kind == "llm"),
    Filter("error_category = rate_limit OR error_category ~ time",
           lambda f: f.error_category == "rate_limit" or "time" in f.error_category),
    Filter("tool_status != success", lambda f: f.tool_status != "success"),
    Filter('tool_name = "sql query" retry_count > 0',
           lambda f: f.tool_name == "sql query" and f.retry_count > 0),
    Filter("duration > 30s", lambda f: f.duration > 30_000 * MS),
    Filter("duration <= 1500", lambda f: f.duration <= 1500 * MS),
    Filter("duration >= 1m AND duration < 5m",
           lambda f: 60_000 * MS <= f.duration < 300_000 * MS),
    Filter("ttft > 2s", lambda f: above(f.ttft, 2000 * MS)),
    Filter("not ttft > 2s kind = llm", lambda f: not above(f.ttft, 2000 * MS) and f.kind == "llm"),
    Filter("ttft = null streaming = true", lambda f: f.ttft is None and f.streaming),
    Filter("cost > 0.01usd", lambda f: above(f.cost, 10_000_000)),
    Filter("cost = null counted = true", lambda f: f.cost is None and f.counted),
    Filter("cost != null and cost <= 0.001", lambda f: f.cost is not None and f.cost <= 1_000_000),
    Filter("cost != 0.25", lambda f: f.cost != 250_000_000),
    Filter("input_tokens > 10000 OR output_tokens > 2000",
           lambda f: f.usage["input_tokens"] > 10000 or f.usage["output_tokens"] > 2000),
    Filter("total_tokens = 0 kind = llm", lambda f: f.tokens == 0 and f.kind == "llm"),
    Filter("tokens_per_second < 20", lambda f: speed(f) is not None and speed(f) < 20),
    Filter("usage_role in (wrapper, duplicate)", lambda f: f.role in ("wrapper", "duplicate")),
    Filter("counted_reason = rollup_alone", lambda f: f.reason == "rollup_alone"),
    Filter("is_root = true", lambda f: f.is_root),
    Filter("is_orphan = true OR parent_span_id = null",
           lambda f: f.is_orphan or not f.parent_id),
    Filter("error_type = timeout", lambda f: f.error_type == "timeout"),
    Filter('status_message ~ "Größe"',
           lambda f: "Größe" in f.status_message),
    Filter("attr.customer.tier = gold", lambda f: attr(f, "customer.tier") == "gold"),
    Filter("attr.customer.tier != gold kind = llm",
           lambda f: attr(f, "customer.tier") != "gold" and f.kind == "llm"),
    Filter('attr."customer.tier" = null', lambda f: not attr(f, "customer.tier")),
    Filter("attr.score > 5", lambda f: above(number(attr(f, "score")), 5)),
    Filter("attr.score = 7", lambda f: number(attr(f, "score")) == 7 or attr(f, "score") == "7"),
    Filter("attr.score in (high, 1)", lambda f: attr(f, "score") in ("high", "1")),
    Filter("tags = beta", lambda f: "beta" in f.tags),
    Filter('tags in (eu, "größe")', lambda f: bool({"eu", "größe"} & set(f.tags))),
    Filter("tags = null", lambda f: not f.tags),
    Filter("tags != beta", lambda f: "beta" not in f.tags),
    Filter("tag.team = red", lambda f: f.tags.get("team") == "red"),
    Filter("tag.team != red", lambda f: f.tags.get("team") != "red"),
    Filter("trace.errors > 0", lambda f: f.trace.errors > 0),
    Filter("trace.status = error or trace.spans < 3",
           lambda f: f.trace.status == "error" or len(f.trace.facts) < 3),
    Filter("trace.cost > 0.05usd kind = tool",
           lambda f: above(trace_cost(f.trace), 50_000_000) and f.kind == "tool"),
    Filter("trace.duration > 2m", lambda f: f.trace.duration > 120_000 * MS),
    Filter("trace.models = ref-large", lambda f: "ref-large" in f.trace.models),
    Filter("trace.user_id = bob NOT user_id = bob",
           lambda f: f.trace.user_id == "bob" and f.user_id != "bob"),
    Filter("NOT (trace.llm_calls > 2 attr.customer.tier != silver)",
           lambda f: not (f.trace.llm_calls > 2 and attr(f, "customer.tier") != "silver")),
    Filter("trace.unpriced_calls = 0 trace.tool_calls >= 1",
           lambda f: f.trace.unpriced_calls == 0 and f.trace.tool_calls >= 1),
    Filter('"refund"', lambda f: has_words(f, "refund")),
    Filter('"late parcel" kind = llm', lambda f: has_words(f, "late parcel") and f.kind == "llm"),
    Filter('NOT "Grüße"', lambda f: not has_words(f, "Grüße")),
    Filter('kind = llm AND (model ~ "large" OR cost > 0.05usd) AND NOT ("zebra" status = error)',
           lambda f: f.kind == "llm"
           and ("large" in f.model or above(f.cost, 50_000_000))
           and not (has_words(f, "zebra") and f.status == "error")),
]  # fmt: skip
NONE = Filter("", lambda f: True)


def around(anchor):
    """Filters about a moment of a data set."""
    text = moments.iso(anchor)
    return [
        Filter(f"start >= {text}", lambda f: f.start >= anchor),
        Filter(f'end < "{text}"', lambda f: f.end < anchor),
    ]
