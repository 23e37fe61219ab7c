"""Data sets -> the server -> spans as the reference reads them."""

import concurrent.futures
import dataclasses
import random

import canonical
import generate
import otlp
import resolve

# The project that OTLP requests go to. One data set is sent there, much of it by OTLP, because only
# OTLP tells the scopes that see a call twice.
OTLP_PROJECT = "default"
OTLP_SEED = 0
OTLP_PARTS = 6
SENDERS = 4


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


def expect_from_generated(loaded, now):
    """What was sent is what is stored."""
    deliveries = [
        canonical.canonical(line)
        for phase in loaded.requests
        for _, lines in phase
        for line in lines
    ]
    loaded.traces = resolve.resolve_all(deliveries, now - generate.OPEN_TIMEOUT)
