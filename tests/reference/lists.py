"""Figures of lists: traces, sessions, users, prompts, models, providers, tools, errors, search."""

import math

from figures import (
    MINUTE,
    Approx,
    Fraction,
    filters,
    group,
    iso,
    latency_figures,
    money,
    ms,
    nearest_rank,
    shared,
    spends,
    usd,
    window,
)

TOOL_STATUSES = ["success", "error", "timeout", "rate_limited", "invalid_args", "blocked"]


# Traces.


def trace_row(trace):
    head = trace.head
    unknown = trace.cost == 0 and trace.unpriced_calls > 0
    return {
        "trace_id": trace.trace_id,
        "root_name": head.name,
        "started_at": iso(trace.start),
        "duration_ms": ms(trace.duration),
        "status": trace.status,
        "status_message": trace.status_message,
        "spans": len(trace.facts),
        "errors": trace.errors,
        "orphans": trace.orphans,
        "llm_calls": trace.llm_calls,
        "tool_calls": trace.tool_calls,
        "input_tokens": trace.input_tokens,
        "output_tokens": trace.output_tokens,
        "cost_usd": None if unknown else usd(trace.cost),
        "unpriced_calls": trace.unpriced_calls,
        "service": head.service,
        "environment": head.environment,
        "feature": head.feature,
        "workflow": trace.workflow,
        "user_id": trace.user_id,
        "session_id": trace.session_id,
        "agent": trace.agent,
        "models": trace.models,
    }


def traces(all_traces, since, until, q):
    """The rows of all pages, newest start first."""
    rows = [
        t for t in all_traces if since <= t.start < until and any(q.holds(f) for f in t.facts)
    ]
    rows.sort(key=lambda t: (t.start, t.trace_id), reverse=True)
    return [trace_row(t) for t in rows]


SPAN_TEXTS = [
    "name", "kind", "status", "status_message", "service", "environment", "release", "feature",
    "workflow", "user_id", "session_id", "agent", "prompt_name", "prompt_version", "provider",
    "model", "finish_reason", "tool_name", "tool_status", "error_type", "error_category",
]  # fmt: skip


def span_row(fact):
    """Of a trace's page. Empty fields are left out there, and None here."""
    row = {field: getattr(fact, field) or None for field in SPAN_TEXTS}
    row |= {
        "span_id": fact.span_id,
        "name": fact.name,
        "started_at": iso(fact.start),
        "offset_ms": ms(fact.start - fact.trace.start),
        "duration_ms": ms(fact.duration),
        "is_root": fact.is_root or None,
        "is_orphan": fact.is_orphan or None,
        "usage_role": fact.role or None,
        "counted": fact.counted or None,
        "counted_reason": fact.reason or None,
        "counted_by": fact.counted_by or None,
        "retry_count": fact.retry_count or None,
        "cost_usd": usd(fact.cost),
    }
    return row


def trace_page(trace):
    rows = sorted(trace.facts, key=lambda f: (f.start, f.span_id))
    return {"trace": trace_row(trace), "spans": [span_row(f) for f in rows]}


# Sessions, users, prompts, models, providers.


def names(rows, field):
    return sorted({getattr(f, field) for f in rows} - {""}, key=str.encode)


def last_at(rows):
    return max(f.end for f in rows)


def percentiles(rows):
    durations = [f.duration for f in rows if f.is_call]
    return {"p50_ms": ms(nearest_rank(durations, 500)), "p99_ms": ms(nearest_rank(durations, 990))}


def seen(rows):
    return {
        "first_at": iso(min(f.start for f in rows)),
        "last_at": iso(last_at(rows)),
        "traces": len({f.trace_id for f in rows}),
    }


def session_row(rows, scope):
    named = [f for f in rows if f.user_id]
    user = max(named, key=lambda f: (f.end, f.span_id)).user_id if named else ""
    return {
        "user_id": user,
        "features": names(rows, "feature"),
        "tool_calls": sum(f.is_tool_call for f in rows),
    } | seen(rows)


def user_row(rows, scope):
    return {
        "sessions": len({f.session_id for f in rows} - {""}),
        "features": names(rows, "feature"),
        "tool_calls": sum(f.is_tool_call for f in rows),
    } | seen(rows)


def prompt_row(rows, scope):
    llm = [f for f in rows if f.kind == "llm" and f.is_call]
    return {
        "length_stops": sum(f.finish_reason == "length" for f in llm),
        "invalid_args": sum(f.is_tool_call and f.tool_status == "invalid_args" for f in rows),
    } | seen(rows)


def model_row(rows, scope):
    llm = [f for f in rows if f.kind == "llm" and f.is_call]
    reasons = [f.finish_reason for f in llm if f.finish_reason]
    figures = latency_figures(llm)
    return {
        "ttft_p50_ms": figures["ttft_p50_ms"],
        "tokens_per_second": figures["tokens_per_second"],
        "finish_reasons": {r: reasons.count(r) for r in set(reasons)},
        "priced": not any(f.unpriced for f in rows),
        "last_at": iso(last_at(rows)),
    }


# Says nothing of how the provider is.
CALLERS_FAULT = ("context_length", "content_filter", "invalid_args", "auth", "cancelled")


def provider_row(rows, scope):
    calls = [f for f in rows if f.is_call]
    recent = [f for f in calls if f.end >= scope.until - 5 * MINUTE]
    failed = [f for f in recent if f.status == "error"]
    errors = sum(f.error_category not in CALLERS_FAULT for f in failed)
    state = "idle" if not recent else "ok"
    if errors >= 3 and 20 * errors > len(recent):
        state = "down" if 2 * errors >= len(recent) else "degraded"
    successes = [f.end for f in calls if f.status in ("ok", "unset")]
    all_errors = [f.end for f in calls if f.status == "error"]
    return {
        "models": names(rows, "model"),
        "health": {
            "state": state,
            "of": "calls",
            "calls_5m": len(recent),
            "errors_5m": errors,
            "rate_limited_5m": sum(f.error_category == "rate_limit" for f in failed),
            "error_rate_5m": Approx(errors / len(recent)) if recent else None,
            "p99_5m_ms": ms(nearest_rank([f.duration for f in recent], 990)),
            "last_success_at": iso(max(successes)) if successes else None,
            "last_error_at": iso(max(all_errors)) if all_errors else None,
        },
    }


# Name -> keys, which spans belong, figures of its own, order without being asked.
LISTS = {
    "sessions": (["session_id"], lambda f: f.session_id, session_row, "last"),
    "users": (["user_id"], lambda f: True, user_row, "cost"),
    "prompts": (["prompt_name", "prompt_version"], lambda f: f.prompt_name, prompt_row, "cost"),
    "models": (["provider", "model"], spends, model_row, "cost"),
    "providers": (["provider"], spends, provider_row, "cost"),
}
ORDERS = {
    "last": lambda rows: -last_at(rows),
    "cost": lambda rows: -(money(rows) or 0),
    "errors": lambda rows: -shared(rows)["errors"],
    "calls": lambda rows: -shared(rows)["calls"],
    "name": lambda rows: 0,
}


def group_list(name, scope, order):
    """All pages."""
    keys, belongs, own, default = LISTS[name]
    groups = group([f for f in scope.rows if belongs(f)], keys)
    figure = ORDERS[order or default]
    in_order = sorted(
        groups.items(), key=lambda item: (figure(item[1]), [k.encode() for k in item[0]])
    )
    rows = []
    for key, members in in_order:
        rows.append(
            dict(zip(keys, key)) | shared(members) | percentiles(members) | own(members, scope)
        )
    return {"window": window(scope), name: rows, "next": None, "total_rows": len(groups)}


# Tools.


def statuses(calls):
    counts = {s: sum(f.tool_status == s for f in calls) for s in TOOL_STATUSES}
    return counts | {"unknown": sum(not f.tool_status for f in calls)}


def shares(calls):
    return {s: Approx(n / len(calls)) if calls else 0 for s, n in statuses(calls).items()}


def tool_totals(calls):
    return {
        "calls": len(calls),
        "status": statuses(calls),
        "share": shares(calls),
        "retries": sum(f.retry_count for f in calls),
        "retried_calls": sum(f.retry_count > 0 for f in calls),
    }


def tools(scope, limit, versions):
    calls = [f for f in scope.rows if f.is_tool_call]
    by_tool = group(calls, ["tool_name"])
    out = []
    in_order = sorted(by_tool.items(), key=lambda item: (-len(item[1]), item[0][0].encode()))
    for (tool,), members in in_order[:limit]:
        durations = [f.duration for f in members]
        out.append(
            {"tool": tool}
            | tool_totals(members)
            | {
                "p50_ms": ms(nearest_rank(durations, 500)),
                "p99_ms": ms(nearest_rank(durations, 990)),
                "max_ms": ms(max(durations)),
                "quantiles": "exact",
                "low_n": len(members) < 100,
                "change": change(tool, members),
                "versions": [
                    version_row(prompt, *one) for prompt, one in newest_versions(members)[:versions]
                ],
            }
        )
    return {
        "window": window(scope),
        "of": "calls",
        "tools": out,
        "tools_total": len(by_tool),
        "total": tool_totals(calls),
    }


def tool_repeats(scope, limit, least):
    rows = []
    for (trace_id, tool), members in group(
        [f for f in scope.rows if f.is_tool_call], ["trace_id", "tool_name"]
    ).items():
        retries = sum(f.retry_count for f in members)
        failed = sum(f.tool_status not in ("", "success") for f in members)
        tries = len(members) + retries
        if tries < least:
            continue
        row = {
            "trace_id": trace_id,
            "tool": tool,
            "calls": len(members),
            "retries": retries,
            "failed": failed,
            "first_at": iso(min(f.end for f in members)),
            "last_at": iso(max(f.end for f in members)),
        }
        rows.append(((-(failed + retries), -tries, trace_id, tool.encode()), row))
    rows.sort(key=lambda row: row[0])
    return {
        "window": window(scope),
        "of": "calls",
        "least": least,
        "repeats": [row for _, row in rows[:limit]],
        "repeats_total": len(rows),
    }


def newest_versions(calls):
    """[(prompt, (version, its calls))], newest first, of the prompt that most calls have."""
    by_prompt = group([f for f in calls if f.prompt_name and f.prompt_version], ["prompt_name"])
    if not by_prompt:
        return []
    (prompt,), members = min(
        by_prompt.items(), key=lambda item: (-len(item[1]), item[0][0].encode())
    )

    def newest(item):
        return (min(f.end for f in item[1]), item[0][0].encode())

    versions = sorted(group(members, ["prompt_version"]).items(), key=newest, reverse=True)
    return [(prompt, (version, of_it)) for (version,), of_it in versions]


def version_row(prompt, version, calls):
    totals = tool_totals(calls)
    return {
        "prompt_name": prompt,
        "prompt_version": version,
        "first_at": iso(min(f.end for f in calls)),
        "last_at": iso(max(f.end for f in calls)),
    } | {member: totals[member] for member in ("calls", "status", "share")}


def change(tool, calls):
    """Between the two newest versions of the prompt that most calls have."""
    versions = newest_versions(calls)
    if len(versions) < 2:
        return None
    (prompt, (new, after)), (_, (old, before)) = versions[:2]
    return {
        "prompt_name": prompt,
        "from_version": old,
        "to_version": new,
        "since": iso(min(f.end for f in after)),
        "calls_before": len(before),
        "calls_after": len(after),
        "share_before": shares(before),
        "share_after": shares(after),
        "verdict": verdict(before, after),
    }


def verdict(before, after):
    if min(len(before), len(after)) < 20:
        return "low_n"

    def refused(calls):
        return sum(f.tool_status == "invalid_args" for f in calls)

    def failed(calls):
        return sum(f.tool_status not in ("", "success") for f in calls)

    def parts(count):
        return Fraction(count(before), len(before)), Fraction(count(after), len(after))

    def p(count):
        return probability(count(before), len(before), count(after), len(after))

    old, new = parts(refused)
    if new - old >= Fraction(5, 100) and new >= 2 * old and p(refused) <= 0.01:
        return "schema_drift"
    old, new = parts(failed)
    if abs(new - old) < Fraction(2, 100) or p(failed) > 0.01:
        return "same"
    return "worse" if new > old else "better"


def probability(x1, n1, x2, n2):
    """Two-sided, of no difference: z, or Fisher's exact test where an expected count is below 5."""
    hits, n = x1 + x2, n1 + n2
    if hits in (0, n):
        return 1.0
    expected = [Fraction(a * b, n) for a in (n1, n2) for b in (hits, n - hits)]
    if min(expected) < 5:

        def table(x):
            return Fraction(math.comb(n1, x) * math.comb(n2, hits - x), math.comb(n, hits))

        here = table(x1)
        every = [table(x) for x in range(max(0, hits - n2), min(n1, hits) + 1)]
        return float(sum(p for p in every if p <= here))
    pooled = hits / n
    z = (x2 / n2 - x1 / n1) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return math.erfc(abs(z) / math.sqrt(2))


# Errors.


def most(rows, field, limit):
    values = [getattr(f, field) for f in rows if getattr(f, field)]
    ranked = sorted(set(values), key=lambda v: (-values.count(v), v.encode()))
    return ranked[:limit]


def errors(scope, limit, examples):
    # One failure is often seen by several spans; second sights are left out.
    rows = [
        f
        for f in scope.rows
        if f.status != "running" and f.role not in ("wrapper", "duplicate", "inner")
    ]
    failed = [f for f in rows if f.status == "error"]
    categories = {}
    for fact in failed:
        categories.setdefault(fact.error_category or "unknown", []).append(fact)
    out = []
    for category, members in sorted(categories.items(), key=lambda i: (-len(i[1]), i[0])):
        newest = sorted(members, key=lambda f: (f.end, f.trace_id, f.span_id), reverse=True)
        kinds = [f.kind for f in members]
        out.append(
            {
                "category": category,
                "count": len(members),
                "share": Approx(len(members) / len(failed)),
                "traces": len({f.trace_id for f in members}),
                "kinds": {k: kinds.count(k) for k in set(kinds)},
                "models": most(members, "model", 3),
                "tools": most(members, "tool_name", 3),
                "first_at": iso(min(f.end for f in members)),
                "last_at": iso(max(f.end for f in members)),
                "examples": [
                    {
                        "trace_id": f.trace_id,
                        "span_id": f.span_id,
                        "name": f.name,
                        "kind": f.kind,
                        "tool_name": f.tool_name,
                        "model": f.model,
                        "message": f.status_message or f.error_type,
                        "at": iso(f.end),
                    }
                    for f in newest[:examples]
                ],
            }
        )
    return {
        "window": window(scope),
        "of": "spans",
        "spans": len(rows),
        "errors": len(failed),
        "categories": out[:limit],
    }


# Search and values.


def search(scope, words):
    """The spans hit."""
    hits = [f for f in scope.rows if filters.has_words(f, words)]
    return {f"{f.trace_id}/{f.span_id}" for f in hits}


def field_values(facts, since, until, field, prefix, limit):
    rows = [f for f in facts if since <= f.end < until]
    values = [getattr(f, field) for f in rows if getattr(f, field)]
    values = [v for v in values if v.startswith(prefix)]
    ranked = sorted(set(values), key=lambda v: (-values.count(v), v.encode()))
    return {"values": [{"value": v, "count": values.count(v)} for v in ranked[:limit]]}
