"""The rows of `make bench` about ingest: burst, sustained, disk, start, idle.

Each row is a function of a Context; it yields Figures as it measures them.
"""

import json
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from harness import (
    BUILD,
    POLL_S,
    BenchError,
    Figure,
    Pitot,
    Process,
    cpu_seconds,
    folder_bytes,
    free_ports,
    memory_bytes,
    percentile,
    program,
    run_program,
)
from ingest.nginx import NginxSink
from ingest.parts import most_parts

PER_REQUEST = 500
CONNECTIONS = 4
BURST_SPANS = 500_000
SUSTAINED_SPANS_PER_S = 20_000
PROBES_PER_S = 2
STARTS = 5

TARGET_MB_PEAK = 900
TARGET_DISK = 0.32
TARGET_DISK_WITH_INDEX = 0.41
TARGET_DISK_AGENTS = 0.05
# Conversations, turns: about the same number of spans each.
AGENT_LOADS = ((100, 20), (20, 100), (4, 400))


@dataclass
class Context:
    work: Path  # Empty at first, on a real disk.
    sustained_s: int
    idle_s: int
    size: object = None  # Of query/rows.py: how much is stored when it is asked.
    burst_spans: int = BURST_SPANS


def span_file(context, spans):
    """The load of the ingest rows, as a file of requests."""
    path = context.work / f"spans-{spans}.bodies"
    if not path.exists():
        run_program("otlp_gen", path, spans, PER_REQUEST, 1)
    return path


def post(path, port, pid, *options, per_request=PER_REQUEST):
    """Posts a file of requests; what otlp_load saw."""
    seen = json.loads(
        run_program(
            "otlp_load", path, "127.0.0.1", port, "/v1/traces", CONNECTIONS, per_request, pid,
            "--json", *options,
        )
    )
    if seen["bad"]:
        raise BenchError(f"{seen['bad']} of {seen['bad'] + seen['ok']} requests failed")
    return seen


def burst_data(context):
    """The data folder of a server that took the burst; made once in a run."""
    return context.work / "burst"


def burst(context):
    """500,000 spans as fast as they are acknowledged, until the last is queryable."""
    spans = context.burst_spans
    path = span_file(context, spans)
    row = "burst"
    with NginxSink(context.work / "nginx") as nginx:
        floor = post(path, nginx.port, nginx.pid)
        cpu = nginx.cpu_seconds()
    yield Figure(row, "nginx writing the same bodies to files: acknowledged",
                 floor["spans_per_s"], "spans/s")
    yield Figure(row, "nginx: CPU", cpu / spans * 1e6, "us/span")

    with Pitot(burst_data(context)) as pitot:
        cpu_before = pitot.cpu_seconds()
        started = time.monotonic()
        seen = post(path, pitot.port, pitot.pid)
        pitot.wait_stored(spans, deadline_s=300)
        cpu = pitot.cpu_seconds() - cpu_before
        queryable_s = time.monotonic() - started
        peak = memory_bytes(pitot.pid, "VmHWM")
        if (counted := pitot.count_spans()) != spans:
            raise BenchError(f"{spans} spans were acknowledged, {counted} are queryable")
        settled = cpu_when_quiet(pitot) - cpu_before
    yield Figure(row, "acknowledged", seen["spans_per_s"], "spans/s", 80_000, at_most=False)
    yield Figure(row, "CPU until the last span is queryable", cpu / spans * 1e6, "us/span", 18)
    yield Figure(row, "peak memory (VmHWM)", peak / 1e6, "MB", TARGET_MB_PEAK)
    yield Figure(row, "from the first byte to the last span queryable", queryable_s, "s")
    yield Figure(row, "of it, after the last acknowledgement", queryable_s - seen["seconds"], "s")
    yield Figure(row, "CPU with the merges that follow", settled / spans * 1e6, "us/span")
    yield Figure(row, "request p50", seen["p50_ms"], "ms")
    yield Figure(row, "request p99", seen["p99_ms"], "ms")


def cpu_when_quiet(pitot, quiet_share=0.05, deadline_s=120):
    """CPU seconds of the server once it uses less than that share of a core (merges are done)."""
    deadline = time.monotonic() + deadline_s
    before = pitot.cpu_seconds()
    while time.monotonic() < deadline:
        time.sleep(1)
        now = pitot.cpu_seconds()
        if now - before < quiet_share:
            return now
        before = now
    return before


class Probes:
    """Sends a span now and then and asks for its trace until it is there."""

    def __init__(self, pitot):
        self.pitot = pitot
        self.lags_s = []
        self.errors = []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()

    def run(self):
        number = 0
        while not self.ending.wait(1 / PROBES_PER_S):
            number += 1
            try:
                self.lags_s.append(self.probe(f"{number:032x}"))
            except (BenchError, OSError) as error:
                self.errors.append(str(error))

    def probe(self, trace_id):
        """Seconds from the acknowledgement to the trace being found."""
        now = time.time_ns()
        span = {
            "traceId": trace_id,
            "spanId": trace_id[-16:],
            "name": "probe",
            "startTimeUnixNano": str(now),
            "endTimeUnixNano": str(now + 1000),
        }
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
        self.pitot.ask("POST", "/v1/traces", json.dumps(body))
        acknowledged = time.monotonic()
        while self.pitot.request("GET", f"/api/v1/traces/{trace_id}")[0] != 200:
            if time.monotonic() - acknowledged > 60:
                raise BenchError(f"trace {trace_id} was acknowledged and is not found after 60 s")
            time.sleep(POLL_S / 2)
        return time.monotonic() - acknowledged


def sustained(context):
    """20,000 spans a second: do merges keep up, and how late are answers?"""
    row = "sustained"
    seconds = context.sustained_s
    parts = 0
    with Pitot(context.work / "sustained") as pitot:
        cpu_before = pitot.cpu_seconds()
        with Probes(pitot) as probes:
            loader = subprocess.Popen(
                [program("otlp_load"), "live", "127.0.0.1", str(pitot.port), "/v1/traces",
                 str(CONNECTIONS), str(PER_REQUEST), str(pitot.pid),
                 f"--rate={SUSTAINED_SPANS_PER_S}", f"--seconds={seconds}", "--json"],
                stdout=subprocess.PIPE, text=True,
            )
            try:
                while loader.poll() is None:
                    time.sleep(1)
                    parts = max(parts, most_parts(pitot.data_dir / "store"))
                seen = json.loads(loader.stdout.read())
            finally:
                loader.kill()
                loader.wait()
        spans = seen["ok"] * PER_REQUEST
        pitot.wait_stored(spans, deadline_s=300)
        cpu = pitot.cpu_seconds() - cpu_before
        peak = memory_bytes(pitot.pid, "VmHWM")
    if seen["bad"] or probes.errors:
        raise BenchError(f"{seen['bad']} requests failed; probes: {probes.errors[:3]}")
    what = f"{SUSTAINED_SPANS_PER_S:,} spans/s for {seconds} s: "
    yield Figure(row, what + "most parts a partition", parts, "parts", 49)
    yield Figure(row, "CPU, merges and probes with it", cpu / spans * 1e6, "us/span", 40)
    yield Figure(row, "acknowledged", seen["spans_per_s"], "spans/s", 0.99 * SUSTAINED_SPANS_PER_S,
                 at_most=False)
    yield Figure(row, "OK to queryable, p50", percentile(probes.lags_s, 0.5), "s", 1)
    yield Figure(row, "OK to queryable, p99", percentile(probes.lags_s, 0.99), "s", 2)
    yield Figure(row, "request p99", seen["p99_ms"], "ms")
    yield Figure(row, "peak memory (VmHWM)", peak / 1e6, "MB")


def merged_sizes(data_dir):
    """Bytes of all tables after merging, and of their indexes; the server must have stopped."""
    lines = [json.loads(line) for line in run_program("store_disk", data_dir / "store").splitlines()]
    tables = [line for line in lines if "rows" in line]
    return sum(t["bytes"] for t in tables), sum(t["index_bytes"] for t in tables), lines


def disk(context):
    """Bytes on disk after merges, as a share of the bytes received."""
    row = "disk"
    if not burst_data(context).exists():
        for _ in burst(context):
            pass
    received = span_file(context, context.burst_spans).stat().st_size
    total, index, lines = merged_sizes(burst_data(context))
    yield Figure(row, "spans, without the text index", (total - index) / received,
                 "of received", TARGET_DISK)
    yield Figure(row, "spans, with it", total / received, "of received", TARGET_DISK_WITH_INDEX)
    for line in lines:
        if "rows" in line and line["bytes"] > 0.005 * total:
            yield Figure(row, f"  table {line['table']}", line["bytes"] / received, "of received")
    for conversations, turns in AGENT_LOADS:
        yield from disk_of_agents(context, conversations, turns)


def disk_of_agents(context, conversations, turns):
    path = context.work / f"agents-{turns}.bodies"
    spans = int(run_program("agent_gen", path, conversations, turns, 1))
    data_dir = context.work / f"agents-{turns}"
    with Pitot(data_dir) as pitot:
        cpu_before = pitot.cpu_seconds()
        seen = post(path, pitot.port, pitot.pid, per_request=1)
        pitot.wait_stored(spans, deadline_s=300)
        cpu = pitot.cpu_seconds() - cpu_before
    received = seen["bytes"]
    path.unlink()
    total, index, _ = merged_sizes(data_dir)
    what = f"agents that resend their history, {turns} turns"
    yield Figure("disk", what, total / received, "of received", TARGET_DISK_AGENTS)
    yield Figure("disk", "  without the text index", (total - index) / received, "of received")
    yield Figure("disk", "  CPU until queryable", cpu / (received / 1024) * 1e6, "us/KB")


def start(context):
    """From exec to /readyz."""
    row = "start"
    empty = []
    for i in range(STARTS):
        with Pitot(context.work / f"empty-{i}") as pitot:
            empty.append(pitot.ready_after_s)
    yield Figure(row, f"to ready, empty folder (median of {STARTS})", statistics.median(empty), "s",
                 0.5)
    if not burst_data(context).exists():
        for _ in burst(context):
            pass
    with Pitot(burst_data(context)) as pitot:
        ready_s = pitot.ready_after_s
    gigabytes = folder_bytes(burst_data(context)) / 1e9
    yield Figure(row, f"to ready, {gigabytes:.2g} GB of data", ready_s, "s", 3)


def idle(context):
    """CPU and memory with nothing to do."""
    with Pitot(context.work / "idle") as pitot:
        yield from idle_figures(context, pitot, "embedded", 300)
    helper = BUILD / "tests" / "clickhouse_server"
    library = BUILD / "libchdb.so"
    if not helper.exists() or not library.exists():
        return
    port = free_ports(1)[0]
    with Process([helper, library, port, context.work / "clickhouse"],
                 context.work / "clickhouse.log"):
        settings = {"PITOT_STORE_MODE": "remote", "PITOT_STORE_URLS": f"http://127.0.0.1:{port}"}
        with Pitot(context.work / "idle-remote", settings) as pitot:
            yield from idle_figures(context, pitot, "remote", 40)


def idle_figures(context, pitot, mode, memory_target_mb):
    time.sleep(3)  # What starting leaves to do.
    before = cpu_seconds(pitot.pid)
    time.sleep(context.idle_s)
    share = (cpu_seconds(pitot.pid) - before) / context.idle_s
    yield Figure("idle", f"{mode}: CPU over {context.idle_s} s", share * 100, "% of a core", 1)
    yield Figure("idle", f"{mode}: memory (VmRSS)", memory_bytes(pitot.pid, "VmRSS") / 1e6, "MB",
                 memory_target_mb)


# In the order in which they run: later ones reuse what earlier ones stored.
ROWS = {"burst": burst, "sustained": sustained, "disk": disk, "start": start, "idle": idle}
