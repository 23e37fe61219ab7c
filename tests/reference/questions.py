"""What is asked of each data set, and what the reference answers.

A question is one request, or the pages of one; `expect(loaded, got)` is the answer it must have.
`got` is there for what only the answer can know: the window of "the last 24 hours".
"""

import dataclasses
import random

import figures
import filter as filters
import generate
import moments
import lists
import series
from canonical import parse_time

FIELDS = [
    "feature", "workflow", "user_id", "session_id", "agent", "service", "environment", "release",
    "prompt_name", "prompt_version", "provider", "model", "kind", "name", "tool_name", "status",
    "finish_reason", "error_category",
]  # fmt: skip
LIMITS = [1, 2, 5, 50, 1000]


@dataclasses.dataclass
class Question:
    endpoint: str
    path: str
    params: dict
    expect: object
    pages_of: str = ""  # The list that is asked for page by page, and compared as a whole.
    rows: object = None  # The facts it is about, to show when the answer differs.
    skip: tuple = ()  # Members of the answer that are not compared.

    def ask(self, server, project):
        params = {"project": project} | self.params
        answer = server.get_json(self.path, params)
        while self.pages_of and answer.get("next"):
            more = server.get_json(self.path, params | {"cursor": answer["next"]})
            answer[self.pages_of] += more[self.pages_of]
            answer["next"] = more["next"]
        return answer


class Asker:
    def __init__(self, loaded):
        self.loaded = loaded
        self.random = random.Random(f"questions {loaded.data.seed}")

    def pick(self, values):
        return self.random.choice(values)

    def filter(self, p=0.6):
        if self.random.random() > p:
            return filters.NONE
        return self.pick(filters.FILTERS + filters.around(self.loaded.data.anchor))

    def scope(self, timezone="UTC", p=0.6):
        """(parameters, Scope)"""
        since, until = self.pick(self.loaded.data.windows)
        q = self.filter(p)
        params = {"since": figures.iso(since), "until": figures.iso(until)}
        if q.text:
            params["q"] = q.text
        return params, figures.Scope(self.loaded.facts, since, until, q, timezone)

    def all(self, rounds=1):
        """Each round asks some endpoints; which, but for the first three, the seed decides."""
        others = [
            self.trace, self.cost, self.cost_tree, self.latency, self.latency, self.heatmap,
            self.tools, self.tool_repeats, self.errors, self.group_list, self.search,
            self.field_values, self.series, self.series, self.histogram,
        ]  # fmt: skip
        out = []
        for _ in range(rounds):
            makers = [self.traces, self.cost, self.group_list, *self.random.sample(others, 4)]
            out += [make() for make in makers]
        return out

    def traces(self):
        since, until = self.pick(self.loaded.data.windows)
        q = self.filter()
        params = {
            "since": figures.iso(since),
            "until": figures.iso(until),
            "limit": self.pick([3, 50, 1000]),
        }
        if q.text:
            params["q"] = q.text

        def expect(loaded, got):
            rows = lists.traces(loaded.traces.values(), since, until, q)
            return {"traces": rows, "next": None}

        scope = figures.Scope(self.loaded.facts, since - 40 * moments.DAY, until, q)
        return Question("traces", "/api/v1/traces", params, expect, "traces", lambda: scope.rows)

    def trace(self):
        trace_id = self.pick(sorted(self.loaded.traces))

        def expect(loaded, got):
            page = lists.trace_page(loaded.traces[trace_id])
            page["spans"] = [Partial(row) for row in page["spans"]]
            return page

        return Question(
            "trace",
            f"/api/v1/traces/{trace_id}",
            {},
            expect,
            rows=lambda: self.loaded.traces[trace_id].facts,
        )

    def groups(self, fields=FIELDS, most=3):
        by = self.random.sample(fields, self.random.randrange(0, most))
        if self.random.random() < 0.5:
            by.insert(self.random.randrange(len(by) + 1), self.pick(figures.TIME_BUCKETS))
        return by

    def cost(self):
        timezone = self.pick([*generate.ZONES, self.loaded.data.zone])
        params, scope = self.scope(timezone)
        by, limit = self.groups(), self.pick(LIMITS)
        params |= {"by": ",".join(by), "limit": limit, "timezone": timezone}
        return Question(
            "cost",
            "/api/v1/cost",
            params,
            lambda loaded, got: figures.cost(scope, by, limit),
            rows=lambda: scope.rows,
        )

    def cost_tree(self):
        params, scope = self.scope()
        by = self.random.sample(FIELDS, self.random.randrange(1, 5))
        params |= {"by": ",".join(by), "limit": 1000}
        return Question(
            "cost/tree",
            "/api/v1/cost/tree",
            params,
            lambda loaded, got: figures.cost_tree(scope, by),
            rows=lambda: scope.rows,
        )

    def latency(self):
        params, scope = self.scope()
        if self.random.random() < 0.5:  # Where there is something before the window.
            since = self.loaded.data.anchor + self.random.randrange(24) * moments.HOUR
            scope.since, scope.until = since, since + moments.DAY
            params |= {"since": figures.iso(since), "until": figures.iso(scope.until)}
        by, limit = self.groups(most=2), self.pick(LIMITS)
        kind = self.pick(["llm", "llm", "tool", "embedding", "any", "agent", "chain"])
        params |= {"by": ",".join(by), "limit": limit, "kind": kind}
        return Question(
            "latency",
            "/api/v1/latency",
            params,
            lambda loaded, got: figures.latency(scope, by, kind, limit),
            rows=lambda: figures.calls_of_kind(scope.rows, kind),
        )

    def heatmap(self):
        params, scope = self.scope()
        kind, measure = self.pick(["llm", "tool", "any"]), self.pick(["duration", "ttft"])
        params |= {"kind": kind, "measure": measure, "columns": self.pick([1, 7, 60, 100])}
        return Question(
            "latency/heatmap",
            "/api/v1/latency/heatmap",
            params,
            lambda loaded, got: figures.heatmap(scope, kind, measure, got),
            rows=lambda: figures.calls_of_kind(scope.rows, kind),
        )

    def series(self):
        params, scope = self.scope()
        kind = self.pick(["llm", "tool", "any", "any", "agent"])
        by = self.random.sample([*FIELDS, "tool_status"], self.random.randrange(3))
        names = list(series.MEASURES)
        measures = self.random.sample(names, self.pick([1, 3, len(names)]))
        groups, points = self.pick([1, 3, 8, 50]), self.pick([2, 7, 120, 1000])
        params |= {"kind": kind, "by": ",".join(by), "measures": ",".join(measures)}
        params |= {"groups": groups, "points": points}
        return Question(
            "series",
            "/api/v1/series",
            params,
            lambda loaded, got: series.series(scope, by, kind, groups, points, measures),
            rows=lambda: scope.rows,
        )

    def histogram(self):
        params, scope = self.scope()
        points = self.pick([2, 30, 120])
        params["points"] = points
        return Question(
            "traces/histogram",
            "/api/v1/traces/histogram",
            params,
            lambda loaded, got: series.histogram(loaded.traces.values(), scope, points),
            rows=lambda: scope.rows,
        )

    def tools(self):
        params, scope = self.scope(p=0.4)
        limit, versions = self.pick(LIMITS), self.pick([0, 1, 3])
        params |= {"limit": limit, "versions": versions}
        return Question(
            "tools",
            "/api/v1/tools",
            params,
            lambda loaded, got: lists.tools(scope, limit, versions),
            rows=lambda: [f for f in scope.rows if f.is_tool_call],
            skip=("message",),
        )

    def tool_repeats(self):
        params, scope = self.scope(p=0.4)
        limit, least = self.pick(LIMITS), self.pick([2, 3, 5])
        params |= {"limit": limit, "least": least}
        return Question(
            "tools/repeats",
            "/api/v1/tools/repeats",
            params,
            lambda loaded, got: lists.tool_repeats(scope, limit, least),
            rows=lambda: [f for f in scope.rows if f.is_tool_call],
        )

    def errors(self):
        params, scope = self.scope()
        limit, examples = self.pick(LIMITS), self.pick([0, 1, 3, 10])
        params |= {"limit": limit, "examples": examples}
        return Question(
            "errors",
            "/api/v1/errors",
            params,
            lambda loaded, got: lists.errors(scope, limit, examples),
            rows=lambda: scope.rows,
        )

    def group_list(self):
        name = self.pick(list(lists.LISTS))
        params, scope = self.scope()
        order = self.pick(["", *lists.ORDERS])
        params["limit"] = self.pick([2, 5, 1000])
        if order:
            params["order"] = order
        return Question(
            name,
            f"/api/v1/{name}",
            params,
            lambda loaded, got: lists.group_list(name, scope, order),
            pages_of=name,
            rows=lambda: scope.rows,
            skip=("gateway",),  # What is so now, and not in any span.
        )

    def search(self):
        params, scope = self.scope(p=0)
        words = self.pick([*generate.WORDS, "please: refund", "found order", "broke"])
        params |= {"query": words, "limit": self.pick([5, 100])}

        def expect(loaded, got):
            # As a set: where in a span a hit is shown is not the reference's business.
            hits = lists.search(scope, words)
            found = [f"{h['trace_id']}/{h['span_id']}" for h in got["hits"]]
            got["repeated"] = sorted({h for h in found if found.count(h) > 1})
            got["unexpected"] = sorted(set(found) - hits)
            # At most three spans of a trace are on a page; others may stand on none.
            traces = [hit.split("/")[0] for hit in found]
            got["not_found"] = sorted(
                h for h in hits - set(found) if traces.count(h.split("/")[0]) < 3
            )
            ends = [h["at"] for h in got["hits"]]
            got["in_order"] = ends == sorted(ends, reverse=True)
            return Partial({"repeated": [], "unexpected": [], "not_found": [], "in_order": True})

        return Question(
            "search", "/api/v1/search", params, expect, "hits", lambda: scope.rows, ("words",)
        )

    def field_values(self):
        field = self.pick(FIELDS)
        prefix = self.pick(["", "", "s", "ref-"])
        limit = self.pick([2, 100])
        since = self.loaded.data.windows[0][0]
        params = {"since": figures.iso(since), "limit": limit}
        if prefix:
            params["prefix"] = prefix
        return Question(
            "fields",
            f"/api/v1/fields/{field}/values",
            params,
            lambda loaded, got: lists.field_values(
                loaded.facts, since, 1 << 62, field, prefix, limit
            ),
            rows=lambda: self.loaded.facts,
        )


class Partial(dict):
    """Members that are not here are not compared; those that are None may be missing."""


def recent(loaded):
    """Without a window: the last 24 hours, as the answer says it understood them."""
    zone = loaded.data.zone

    def expect(loaded, got):
        since, until = (parse_time(got["window"][name]) for name in ("since", "until"))
        if until - since != moments.DAY:
            return {"window": "24 hours"}
        scope = figures.Scope(loaded.facts, since, until, timezone=zone)
        day = figures.bucket(until, "day", zone)
        today = [f for f in loaded.facts if figures.bucket(f.end, "day", zone) == day]
        spent = {"timezone": zone, "day": day, "spent_usd": figures.usd(figures.money(today))}
        return figures.cost(scope, ["model"], 50) | {"projection": Partial(spent)}

    params = {"by": "model", "projection": "true", "timezone": zone}
    return Question("cost", "/api/v1/cost", params, expect, rows=lambda: loaded.facts)
