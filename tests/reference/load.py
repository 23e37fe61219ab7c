"""Data sets -> the server -> spans as the reference reads them."""

import concurrent.futures
import dataclasses
import json
import random

import canonical
import exported
import generate
import otlp
import resolve
import tree

# The project that OTLP requests go to. One data set is sent there, much of it by OTLP, because only
# OTLP tells the scopes that see a call twice.
OTLP_PROJECT = "default"
OTLP_SEED = 0
OTLP_PARTS = 6
SENDERS = 4
# Contents are stored in a form of their own. A span that came twice in one phase, by different ways,
# is as it came last, and that order is free.
NOT_COMPARED = ("texts", "source", "scope", "native_sdk")


@dataclasses.dataclass
class Loaded:
    data: generate.DataSet
    requests: list = dataclasses.field(default_factory=list)  # As sent: (kind, lines) by phase.
    traces: dict = dataclasses.field(default_factory=dict)  # Expected, by id.

    @property
    def facts(self):
        return [fact for trace in self.traces.values() for fact in trace.facts]


def make(seed, now):
    """The data set of a seed, with the requests that send it."""
    data = generate.generate(seed, now)
    rng = random.Random(f"requests {seed}")
    if seed == OTLP_SEED:
        data.project = OTLP_PROJECT
        for part in range(1, OTLP_PARTS):
            more = generate.generate(10_000 + part * 7, now)  # Around the same anchor.
            for phase, requests in zip(data.phases, more.phases):
                phase += requests
    loaded = Loaded(data)
    for phase in data.phases:
        sends = []
        for lines in phase:
            by_otlp = [n for n, line in enumerate(lines) if goes_by_otlp(seed, line, rng)]
            sends.append(("otlp", [otlp.as_sent(lines[n]) for n in by_otlp]))
            rest = [line for n, line in enumerate(lines) if n not in by_otlp]
            for line in rest:
                line.pop("scope", None)  # JSON Lines has no scopes.
            sends.append(("jsonl", rest))
        loaded.requests.append([send for send in sends if send[1]])
    return loaded


def goes_by_otlp(seed, line, rng):
    return seed == OTLP_SEED and otlp.can_carry(line) and rng.random() < 0.7


def send(server, sets):
    """All phases of all sets; each phase is stored before the next is sent."""
    with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
        for phase in range(3):
            work = [(s, kind, lines) for s in sets for kind, lines in s.requests[phase]]

            def one(item):
                loaded, kind, lines = item
                if kind == "otlp":
                    server.send_otlp(otlp.request(lines))
                else:
                    server.send_lines(loaded.data.project, lines)

            list(pool.map(one, work))
        server.wait_until_stored()


def sent(loaded):
    """What was sent, as the reference reads it, in the order of receipt."""
    return [
        canonical.canonical(line)
        for phase in loaded.requests
        for _, lines in phase
        for line in lines
    ]


def newest(deliveries):
    by_trace = {}
    for span in deliveries:
        by_trace.setdefault(span.trace_id, []).append(span)
    kept = [span for spans in by_trace.values() for span in tree.latest(spans)]
    return {(span.trace_id, span.span_id): span for span in kept}


def read_back(loaded, servers, now):
    """What each server exports, resolved: ({engine: Loaded}, what is wrong with the exports).

    Servers that export the same share one Loaded.
    """
    wrong, views, seen = [], {}, []
    expected = newest(sent(loaded))
    for engine, running in servers.items():
        params = {"project": loaded.data.project, "format": "jsonl"}
        lines = running.get("/api/v1/export", params).decode().splitlines()
        spans = [exported.span_of(json.loads(line)) for line in lines]
        got = {(span.trace_id, span.span_id): span for span in spans}
        words = [f"{len(spans) - len(got)} spans twice"] if len(got) != len(spans) else []
        wrong += [(engine, word) for word in words + differing(expected, got)]
        same = [view for known, view in seen if known == got]
        views[engine] = same[0] if same else Loaded(loaded.data)
        if not same:
            views[engine].traces = resolve.resolve_all(spans, now - generate.OPEN_TIMEOUT)
            seen.append((got, views[engine]))
    return views, wrong


def differing(expected, got):
    out = [f"span {'/'.join(key)} that nobody sent" for key in got.keys() - expected.keys()]
    out += [f"span {'/'.join(key)} is missing" for key in expected.keys() - got.keys()]
    for key in expected.keys() & got.keys():
        for field in dataclasses.fields(canonical.Span):
            one, other = (getattr(span, field.name) for span in (expected[key], got[key]))
            if one != other and field.name not in NOT_COMPARED:
                out.append(f"span {'/'.join(key)}: {field.name} is {other!r}, sent was {one!r}")
    return out
