"""The rows of `make bench` about the gateway: calls, proxies (throughput), streams.

Each figure stands beside nginx's in the same minute, and beside our own server and client without the
gateway ("bare"): what others do to the machine meanwhile, it does to all of them.
"""

import statistics
from contextlib import ExitStack

from gateway.parts import Bare, Gateway, Nginx, Provider, chat_body, streams, wrk
from harness import Figure, memory_bytes

ROUNDS = 3
SECONDS = 3
STREAMS = 512
BODIES = (("1 KB", 1 << 10), ("100 KB", 100 << 10), ("2 MB", 2 << 20))

TARGET_ADDED_P50_US = 60
TARGET_ADDED_P99_US = 150
TARGET_OF_NGINX = 0.8
TARGET_TTFT_US = 300
TARGET_EVENT_US = 50


class Ways:
    """All ways to the provider, started together."""

    def __init__(self, context, *provider_options):
        self.work = context.work / f"gateway-{len(list(context.work.iterdir()))}"
        self.work.mkdir()
        self.provider_options = provider_options
        self.stack = ExitStack()

    def __enter__(self):
        start = self.stack.enter_context
        self.direct = start(Provider(self.work, *self.provider_options))
        self.nginx = start(Nginx(self.work, self.direct))
        self.bare = start(Bare(self.work, self.direct))
        self.gateway = start(Gateway(self.work, self.direct))
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def all(self):
        return {"direct": self.direct, "nginx": self.nginx, "bare": self.bare,
                "gateway": self.gateway}

    def rounds(self, measure):
        """name -> what each round saw; the ways take turns."""
        seen = {name: [] for name in self.all()}
        for _ in range(ROUNDS):
            for name, way in self.all().items():
                seen[name].append(measure(way))
        return seen


def median(seen, key):
    return statistics.median(each[key] for each in seen)


def calls(context):
    """One call after another on one connection: the latency that each way adds."""
    row = "calls"
    with Ways(context) as ways:
        for label, about_bytes in BODIES:
            body = chat_body(ways.work / f"body-{about_bytes}.json", about_bytes)
            seen = ways.rounds(lambda way: wrk(way, body, 1, SECONDS))
            for key, target in (("p50", TARGET_ADDED_P50_US), ("p99", TARGET_ADDED_P99_US)):
                direct = median(seen["direct"], key)
                yield Figure(row, f"{label}: direct {key}", direct, "us")
                for name in ("nginx", "bare", "gateway"):
                    judged = name == "gateway" and about_bytes == BODIES[0][1]
                    yield Figure(row, f"{label}: {name} adds to {key}",
                                 median(seen[name], key) - direct, "us",
                                 target if judged else None)
        yield Figure(row, "memory after it", memory_bytes(ways.gateway.pid, "VmRSS") / 1e6, "MB")


def proxies(context):
    """Calls as fast as they are answered, on 16 and 64 connections, against nginx."""
    row = "proxies"
    with Ways(context) as ways:
        body = chat_body(ways.work / "body.json", BODIES[0][1])
        for connections in (16, 64):
            seen = ways.rounds(lambda way: wrk(way, body, connections, SECONDS))
            nginx = median(seen["nginx"], "rps")
            for name in ("nginx", "bare", "gateway"):
                yield Figure(row, f"{connections} connections: {name}", median(seen[name], "rps"),
                             "requests/s")
                yield Figure(row, f"{connections} connections: {name}, CPU",
                             median(seen[name], "cpu_us"), "us/request")
            for name in ("bare", "gateway"):
                target = 1.0 if name == "bare" else TARGET_OF_NGINX
                yield Figure(row, f"{connections} connections: {name} / nginx",
                             median(seen[name], "rps") / nginx, "",
                             target if connections == 16 else None, at_most=False)
        yield Figure(row, "memory after it", memory_bytes(ways.gateway.pid, "VmRSS") / 1e6, "MB")


def streams512(context):
    """512 streams at once, an event every 20 ms each: how late they come, against nginx."""
    row = "streams"
    with Ways(context, "--events", 64, "--pace-ms", 20) as ways:
        seen = ways.rounds(lambda way: streams(way, STREAMS, SECONDS + 1))
        for key, what, target in (
                ("ttft_p50_us", "request to first event, p50", TARGET_TTFT_US),
                ("ttft_p99_us", "request to first event, p99", None),
                ("delay_p50_us", "sent to seen, p50", TARGET_EVENT_US),
                ("delay_p99_us", "sent to seen, p99", None)):
            for name in ("direct", "nginx", "bare"):
                yield Figure(row, f"{name}: {what}", median(seen[name], key), "us")
            yield Figure(row, f"gateway behind nginx: {what}",
                         median(seen["gateway"], key) - median(seen["nginx"], key), "us", target)
        yield Figure(row, "memory with them", memory_bytes(ways.gateway.pid, "VmHWM") / 1e6, "MB")


ROWS = {"calls": calls, "proxies": proxies, "streams": streams512}
