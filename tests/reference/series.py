"""Figures over time: series by group, and the histogram of the list of traces."""

import filter as filters
import moments
from figures import (
    Approx, calls_of_kind, group, iso, money, ms, name_of_calls, nearest_rank, shown, usd, window,
)  # fmt: skip

SECOND, MINUTE, HOUR, DAY = moments.SECOND, moments.MINUTE, moments.HOUR, moments.DAY
ROUND = [
    SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE,
    HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
]  # fmt: skip


def steps(since, until, points):
    """(length, starts): the shortest round steps of which so many cover the window."""
    days = 0
    lengths = iter(ROUND)
    while True:
        length = next(lengths, None)
        if length is None:
            days += 1
            length = days * DAY
        if (until - 1) // length - since // length < points:
            return length, list(range(since - since % length, until, length))


def durations(rows, kind):
    return [f.duration for f in calls_of_kind(rows, kind)]


def ttfts(rows, kind):
    return [f.ttft for f in calls_of_kind(rows, kind) if f.ttft is not None]


def speeds(rows):
    found = [filters.speed(f) for f in rows if f.kind == "llm" and f.is_call]
    return [speed for speed in found if speed is not None]


def counted(rows):
    return [f for f in rows if f.counted]


def calls(rows, kind):
    return [f for f in rows if (f.is_tool_call if kind == "tool" else f.is_call)]


def speed_shown(rows):
    speed = nearest_rank(speeds(rows), 500)
    return None if speed is None else Approx(speed)


# Name -> (rows, kind) -> value; of the sums, also what groups are ranked by.
SUMS = {
    "spans": lambda rows, kind: len(calls_of_kind(rows, kind)),
    "calls": lambda rows, kind: len(calls(rows, kind)),
    "errors": lambda rows, kind: sum(f.status == "error" for f in calls_of_kind(rows, kind)),
    "cost_usd": lambda rows, kind: usd(money(rows)),
    "unpriced_calls": lambda rows, kind: sum(f.unpriced for f in rows),
    "input_tokens": lambda rows, kind: sum(f.input_total for f in counted(rows)),
    "output_tokens": lambda rows, kind: sum(f.output_total for f in counted(rows)),
    "cache_read_tokens": lambda rows, kind: sum(
        f.usage["cache_read_tokens"] for f in counted(rows)
    ),
    "length": lambda rows, kind: sum(
        f.is_call and f.kind == "llm" and f.finish_reason == "length" for f in rows
    ),
    "retries": lambda rows, kind: sum(f.retry_count for f in rows if f.is_tool_call),
}
OTHERS = {
    "traces": lambda rows, kind: len({f.trace.trace_id for f in calls_of_kind(rows, kind)}),
    "p50_ms": lambda rows, kind: ms(nearest_rank(durations(rows, kind), 500)),
    "p90_ms": lambda rows, kind: ms(nearest_rank(durations(rows, kind), 900)),
    "p95_ms": lambda rows, kind: ms(nearest_rank(durations(rows, kind), 950)),
    "p99_ms": lambda rows, kind: ms(nearest_rank(durations(rows, kind), 990)),
    "ttft_p50_ms": lambda rows, kind: ms(nearest_rank(ttfts(rows, kind), 500)),
    "ttft_p99_ms": lambda rows, kind: ms(nearest_rank(ttfts(rows, kind), 990)),
    "tokens_per_second": lambda rows, kind: speed_shown(rows),
}
MEASURES = SUMS | OTHERS
OF_COUNTED = ("cost_usd", "unpriced_calls", "input_tokens", "output_tokens", "cache_read_tokens")


def is_measured(fact, kind, measures):
    """Groups consist of what at least one measure counts."""

    def counts(measure):
        if measure in OF_COUNTED:
            return fact.counted
        if measure == "traces":
            return bool(calls_of_kind([fact], kind))
        value = MEASURES[measure]([fact], kind)
        return value != 0 if measure in SUMS else value is not None  # It may have taken no time.

    return any(counts(measure) for measure in measures)


def rank(rows, kind, measures):
    first = next((m for m in measures if m in SUMS), "spans")
    return SUMS[first](rows, kind) or 0


def series(scope, by, kind, groups, points, measures):
    length, starts = steps(scope.since, scope.until, points)
    rows = scope.rows if kind == "any" else calls_of_kind(scope.rows, kind)
    rows = [f for f in rows if is_measured(f, kind, measures)]
    found = sorted(
        group(rows, by).items(),
        key=lambda item: (
            -rank(item[1], kind, measures),
            [shown(value).encode() for value in item[0]],
        ),
    )
    if not by:
        found = [((), rows)]
    listed = [(dict(zip(by, key)), False, members) for key, members in found[:groups]]
    if found[groups:]:
        rest = [f for _, members in found[groups:] for f in members]
        listed.append(({field: None for field in by}, True, rest))
    out = []
    for key, other, members in listed:
        cells = [[] for _ in starts]
        for fact in members:
            cells[(fact.end - starts[0]) // length].append(fact)
        values = {m: [MEASURES[m](cell, kind) for cell in cells] for m in measures}
        out.append({"key": key, "other": other, "values": values})
    return {
        "window": window(scope),
        "step_s": length // SECOND,
        "of": name_of_calls(kind),
        "by": list(by),
        "measures": list(measures),
        "starts": [iso(start) for start in starts],
        "groups": out,
    }


def histogram(all_traces, scope, points):
    """Of the traces that the list shows."""
    length, starts = steps(scope.since, scope.until, points)
    cells = [[] for _ in starts]
    for trace in all_traces:
        if scope.since <= trace.start < scope.until:
            if any(scope.filter.holds(f) for f in trace.facts):
                cells[(trace.start - starts[0]) // length].append(trace.status)
    return {
        "window": window(scope),
        "step_s": length // SECOND,
        "starts": [iso(start) for start in starts],
        "traces": [len(cell) for cell in cells],
        "errors": [cell.count("error") for cell in cells],
        "running": [cell.count("running") for cell in cells],
        "total": sum(len(cell) for cell in cells),
    }
