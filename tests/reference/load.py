"""Data sets -> the server -> spans as the reference reads them."""

import concurrent.futures
import dataclasses
import json
import random

import canonical
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
# Of a span, what an export need not say as it was sent.
NOT_EXPORTED = ("texts",)


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


def expect_from_generated(loaded, now):
    """What was sent is what is stored."""
    loaded.traces = resolve.resolve_all(sent(loaded), now - generate.OPEN_TIMEOUT)


def expect_from_export(loaded, servers, now):
    """Computes from what the servers export, each span once. Returns what is wrong with that."""
    wrong = []
    newest = {}
    for span in sent(loaded):
        newest.setdefault(span.trace_id, []).append(span)
    kept = {(s.trace_id, s.span_id): s for spans in newest.values() for s in tree.latest(spans)}
    for engine, running in servers.items():
        params = {"project": loaded.data.project, "format": "jsonl"}
        text = running.get("/api/v1/export", params).decode()
        lines = [json.loads(line) for line in text.splitlines()]
        spans = [canonical.canonical(line) for line in lines]
        exported = {(s.trace_id, s.span_id): s for s in spans}
        if len(exported) != len(spans):
            wrong.append((engine, f"{len(spans) - len(exported)} spans are exported twice"))
        for key in exported.keys() - kept.keys():
            wrong.append((engine, f"span {'/'.join(key)} was exported, but never sent"))
        for key in kept.keys() - exported.keys():
            wrong.append((engine, f"span {'/'.join(key)} was sent, but not exported"))
        for key in kept.keys() & exported.keys():
            for field in dataclasses.fields(canonical.Span):
                one, other = (getattr(s, field.name) for s in (kept[key], exported[key]))
                if one != other and field.name not in NOT_EXPORTED:
                    words = f"span {'/'.join(key)}: {field.name} is {other!r}, {one!r} was sent"
                    wrong.append((engine, words))
    loaded.traces = resolve.resolve_all(spans, now - generate.OPEN_TIMEOUT)
    return wrong
