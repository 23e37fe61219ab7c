"""Every figure of every endpoint, in plain loops over resolved spans.

Numbers are exact: integers, and Fractions where the API shows a fraction (dollars of nano-dollars,
milliseconds of nanoseconds). Approx marks what the engine computes in binary fractions.

`facts`: those of the project. A Scope says which of them are asked for: those that ended in
[since, until) and satisfy the filter.
"""

import dataclasses
import datetime
import zoneinfo
from fractions import Fraction

import filter as filters
import moments
from canonical import BUCKETS, CALL_KINDS, parse_time

MINUTE, HOUR, DAY = moments.MINUTE, moments.HOUR, moments.DAY


@dataclasses.dataclass
class Scope:
    facts: list
    since: int
    until: int
    filter: filters.Filter = filters.NONE
    timezone: str = "UTC"

    def between(self, since, until):
        return [f for f in self.facts if since <= f.end < until and self.filter.holds(f)]

    @property
    def rows(self):
        return self.between(self.since, self.until)


@dataclasses.dataclass(frozen=True)
class Approx:
    value: float


@dataclasses.dataclass(frozen=True)
class AnyOf:
    """Where a rule leaves the choice: one of these."""

    values: tuple


def usd(nano):
    return None if nano is None else Fraction(nano, 10**9)


def ms(ns):
    return None if ns is None else Fraction(ns, 10**6)


def nearest_rank(values, permille):
    """sorted[ceil(p * n) - 1]"""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[max(1, -(-permille * len(ranked) // 1000)) - 1]


def iso(ns):
    return moments.iso(ns)


def window(scope):
    return {"since": iso(scope.since), "until": iso(scope.until)}


# Groups.


def bucket(ns, name, timezone):
    info = zoneinfo.ZoneInfo(timezone)
    at = datetime.datetime.fromtimestamp(ns // moments.SECOND, info)
    if name in ("minute", "hour"):
        at = at.replace(second=0) if name == "minute" else at.replace(minute=0, second=0)
        return at.isoformat()
    if name == "week":
        at -= datetime.timedelta(days=at.weekday())
    return at.strftime("%Y-%m" if name == "month" else "%Y-%m-%d")


TIME_BUCKETS = ("minute", "hour", "day", "week", "month")


def key_of(fact, by, timezone):
    out = []
    for field in by:
        if field in TIME_BUCKETS:
            out.append(bucket(fact.end, field, timezone))
        else:
            out.append(getattr(fact, field))
    return tuple(out)


def group(rows, by, timezone="UTC"):
    groups = {}
    for fact in rows:
        groups.setdefault(key_of(fact, by, timezone), []).append(fact)
    return groups


def shown(value):
    """A key as text, as ties are broken."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def ordered(groups, by, figure):
    """Time buckets oldest first, then the largest figure, then the keys as text."""

    def order(item):
        key, rows = item
        times = [moment(v) for v, field in zip(key, by) if field in TIME_BUCKETS]
        rest = [shown(v).encode() for v, field in zip(key, by) if field not in TIME_BUCKETS]
        return (times, -figure(rows), rest)

    return sorted(groups.items(), key=order)


def moment(text):
    """So that hours of one local time, before and after a clock change, are in order."""
    if "T" in text:
        return datetime.datetime.fromisoformat(text).timestamp()
    return text


# The figures most answers share.


def money(rows):
    """Nano-dollars, or None: something was spent and nobody knows how much."""
    known = [f.cost for f in rows if f.counted and f.cost is not None]
    if not known and any(f.unpriced for f in rows):
        return None
    return sum(known)


def shared(rows):
    counted = [f for f in rows if f.counted]
    calls = [f for f in rows if f.is_call]
    tokens = {b: sum(f.usage[b] for f in counted) for b in BUCKETS}
    return {
        "cost_usd": usd(money(rows)),
        "calls": len(calls),
        "errors": sum(f.status == "error" for f in calls),
        "unpriced_calls": sum(f.unpriced for f in rows),
        "estimated_calls": sum(f.estimated for f in counted),
        "tokens": {b.removesuffix("_tokens"): n for b, n in tokens.items()},
        "input_tokens": sum(f.input_total for f in counted),
        "output_tokens": sum(f.output_total for f in counted),
        "web_searches": sum(f.web_searches for f in counted),
        "file_searches": sum(f.file_searches for f in counted),
    }


def spends(fact):
    """What answers about money are of: calls, and whatever else counts."""
    return fact.counted or fact.is_call


def share(rows, all_rows):
    """Of the whole cost; None where either is unknown or nothing was spent."""
    mine, whole = money(rows), money(all_rows)
    return None if mine is None or not whole else Approx(mine / whole)


def cost(scope, by, limit):
    rows = [f for f in scope.rows if spends(f)]
    total = shared(rows)
    groups = group(rows, by, scope.timezone) if by else {}
    in_order = ordered(groups, by, lambda rows: money(rows) or 0)
    out = []
    for key, members in in_order[:limit]:
        out.append(
            {"key": dict(zip(by, key))} | shared(members) | {"share": share(members, rows)}
        )
    rest = [f for _, members in in_order[limit:] for f in members]
    return {
        "window": window(scope) | {"timezone": scope.timezone},
        "by": list(by),
        "groups": out,
        "groups_total": len(groups),
        "other": shared(rest) if rest else None,
        "total": total,
        "total_usd": total["cost_usd"],
        "projection": None,
    }


def cost_tree(scope, by):
    """Whole: the limit cuts nothing off."""
    rows = [f for f in scope.rows if spends(f)]

    def node(name, field, members, depth):
        children = []
        if depth < len(by):
            for key, inner in group(members, by[depth : depth + 1]).items():
                children.append((-(money(inner) or 0), key[0].encode(), key[0], inner))
            children = [
                node(name, by[depth], inner, depth + 1)
                for _, _, name, inner in sorted(children, key=lambda c: c[:2])
            ]
        figures = shared(members)
        keep = ("cost_usd", "calls", "unpriced_calls")
        return {"name": name, "field": field} | {k: figures[k] for k in keep} | {
            "children": children
        }

    leaves = group(rows, by)
    return {
        "window": window(scope),
        "by": list(by),
        "tree": node("total", None, rows, 0),
        "leaves": len(leaves),
        "pruned": 0,
    }


# Latency.


def calls_of_kind(rows, kind):
    """Model and tool calls each once; of other kinds, and of any, whatever has ended."""
    if kind == "any":
        return [f for f in rows if f.status != "running"]
    if kind in CALL_KINDS:
        return [f for f in rows if f.is_call and f.kind == kind]
    if kind == "tool":
        return [f for f in rows if f.is_tool_call]
    return [f for f in rows if f.kind == kind and f.status != "running"]


def name_of_calls(kind):
    if kind == "any":
        return "spans"
    return f"{kind} calls" if kind in (*CALL_KINDS, "tool") else f"{kind} spans"


def latency_figures(calls):
    durations = [f.duration for f in calls]
    ttfts = [f.ttft for f in calls if f.ttft is not None]
    speeds = [filters.speed(f) for f in calls if f.kind == "llm" and f.is_call]
    speed = nearest_rank([s for s in speeds if s is not None], 500)
    out = {
        "count": len(calls),
        "errors": sum(f.status == "error" for f in calls),
        "max_ms": ms(max(durations, default=None)),
        "ttft_count": len(ttfts),
        "ttft_p50_ms": ms(nearest_rank(ttfts, 500)),
        "ttft_p99_ms": ms(nearest_rank(ttfts, 990)),
        "tokens_per_second": None if speed is None else Approx(speed),
        "quantiles": "exact",
        "low_n": len(calls) < 100,
    }
    for percent in (50, 90, 95, 99):
        out[f"p{percent}_ms"] = ms(nearest_rank(durations, percent * 10))
    return out


def median_p99(calls):
    """(the median of the 5-minute p99s or None, of how many)"""
    intervals = {}
    for call in calls:
        intervals.setdefault(call.end // (5 * MINUTE), []).append(call.duration)
    p99s = [nearest_rank(durations, 990) for durations in intervals.values()]
    return nearest_rank(p99s, 500), len(p99s)


def baseline(scope, kind, same_group, p99):
    """The same hour of the last 7 days, else the last 24 hours."""
    hour = scope.since - scope.since % HOUR
    past = []
    for day in range(1, 8):
        start = hour - day * DAY
        past += scope.between(start, start + HOUR)
    found, count = median_p99([f for f in calls_of_kind(past, kind) if same_group(f)])
    if found is None:
        day = scope.between(scope.since - DAY, scope.since)
        found, count = median_p99([f for f in calls_of_kind(day, kind) if same_group(f)])
    of = {"baseline_intervals": count}
    if found is None:
        return of | {"baseline_p99_ms": None, "ratio": None, "baseline": "learning"}
    ratio = Approx(p99 / found) if p99 is not None and found > 0 else None
    return of | {"baseline_p99_ms": ms(found), "ratio": ratio, "baseline": "ok"}


def latency(scope, by, kind, limit):
    calls = calls_of_kind(scope.rows, kind)
    groups = group(calls, by, scope.timezone) if by else {}
    plain = [n for n, field in enumerate(by) if field not in TIME_BUCKETS]
    out = []
    for key, members in ordered(groups, by, len)[:limit]:

        def same(fact, key=key):
            other = key_of(fact, by, scope.timezone)
            return all(other[n] == key[n] for n in plain)

        p99 = nearest_rank([f.duration for f in members], 990)
        figures = latency_figures(members) | baseline(scope, kind, same, p99)
        out.append({"key": dict(zip(by, key))} | figures)
    p99 = nearest_rank([f.duration for f in calls], 990)
    return {
        "window": window(scope),
        "by": list(by),
        "of": name_of_calls(kind),
        "groups": out,
        "groups_total": len(groups),
        "total": latency_figures(calls) | baseline(scope, kind, lambda f: True, p99),
    }


def heatmap(scope, kind, measure, got):
    """The edges are the answer's own: what is in each field of the map must be as they say."""
    calls = calls_of_kind(scope.rows, kind)
    times = [parse_time(text) for text in got["times"]]
    edges = [Fraction(str(edge)) * 10**6 for edge in got["edges_ms"]]
    counts = [[0] * (len(edges) - 1) for _ in times]
    for call in calls:
        value = call.duration if measure == "duration" else call.ttft
        if value is None:
            continue
        column = max((n for n, t in enumerate(times) if t <= call.end), default=0)
        row = max((n for n, edge in enumerate(edges[:-1]) if edge <= value), default=0)
        counts[column][row] += 1
    return {
        "window": window(scope),
        "step_ms": got["step_ms"],
        "of": name_of_calls(kind),
        "measure": measure,
        "times": got["times"],
        "edges_ms": got["edges_ms"],
        "counts": counts,
    }
