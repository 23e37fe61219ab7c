"""The rows of `make bench` about queries: what is stored, how fast it answers, with ingest and without.

The data is made inside the engine once and kept under build/bench: 30 days that are over, so that the
figures do not change with the calendar. Every question goes through HTTP to the real program.
"""

import http.client
import json
import os
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

from harness import BUILD, BenchError, Figure, Pitot, memory_bytes, percentile, program, run_program
from ingest.parts import PART
from ingest.rows import CONNECTIONS, PER_REQUEST, SUSTAINED_SPANS_PER_S

FOLDER = Path(__file__).resolve().parent
# Another name when the *.sql files make other data.
DATA_VERSION = 1
DAYS = 30
FIRST_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)
END = FIRST_DAY + timedelta(days=DAYS)
LARGE_TRACE_SPANS = 50_000
LARGE_TRACE = "6c617267652074726163652e2e2e2e2e"
RARE_WORD = "quokka"
TRACES_ASKED = 200
INGEST_SETTLE_S = 5


@dataclass
class Size:
    name: str
    spans: int
    payloads: int


NORMAL = Size("10m", 10_000_000, 1_000_000)
LARGE = Size("100m", 100_000_000, 10_000_000)


def text_time(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


WINDOW_30D = {"since": text_time(FIRST_DAY), "until": text_time(END)}
WINDOW_24H = {"since": text_time(END - timedelta(days=1)), "until": text_time(END)}
NOON = END - timedelta(hours=12)
WINDOW_5M = {"since": text_time(NOON), "until": text_time(NOON + timedelta(minutes=5))}


@dataclass
class Question:
    what: str
    path: str
    parameters: dict
    target_ms: float | None = None
    repeat: int = 15
    with_ingest: bool = False  # Asked again while spans come in.

    def url(self):
        return f"/api/v1/{self.path}?{urlencode(self.parameters)}"


def questions(size):
    """Those whose parameters do not change from one time to the next."""
    calls = size.spans * 3 // 10
    of_calls = f"{calls / 1e6:.3g} M calls"
    return [
        Question("structure of a 50,000-span trace", f"traces/{LARGE_TRACE}", {}, 300),
        Question(f"cost by feature, 30 days, {of_calls}", "cost", {"by": "feature", **WINDOW_30D},
                 200, with_ingest=True),
        Question("cost by user, 30 days", "cost", {"by": "user_id", **WINDOW_30D}),
        Question("cost by day and model, 30 days", "cost", {"by": "day,model", **WINDOW_30D}),
        Question("cost of a feature by model, 30 days", "cost",
                 {"by": "model", "q": "feature = feature-3", **WINDOW_30D}),
        Question("tree of cost, 30 days", "cost/tree",
                 {"by": "feature,workflow,agent,model", **WINDOW_30D}),
        Question("latency by model, 30 days", "latency", {"by": "model", **WINDOW_30D},
                 with_ingest=True),
        Question("latency by user, 30 days", "latency", {"by": "user_id", **WINDOW_30D}, repeat=5),
        Question("latency by model, 5 minutes", "latency", {"by": "model", **WINDOW_5M}),
        Question("heat map of latency, 24 hours", "latency/heatmap", WINDOW_24H),
        Question(f"heat map of latency, 30 days, {of_calls}", "latency/heatmap", WINDOW_30D),
        Question("cost over time by feature, 30 days", "series",
                 {"by": "feature", "measures": "cost_usd", **WINDOW_30D}),
        Question("calls and tokens over time by model, 30 days", "series",
                 {"by": "model", "measures": "calls,input_tokens,output_tokens", **WINDOW_30D}),
        Question("percentiles over time by model, 30 days", "series",
                 {"kind": "llm", "by": "model", "measures": "p50_ms,p99_ms", **WINDOW_30D}),
        Question("traces, spans and errors over time, 24 hours", "series",
                 {"measures": "traces,spans,errors", **WINDOW_24H}),
        Question("when traces started, 30 days", "traces/histogram", WINDOW_30D),
        Question("when traces started, q of a model, 24 hours", "traces/histogram",
                 {"q": "model = model-3", **WINDOW_24H}),
        Question("tools, 24 hours", "tools", WINDOW_24H),
        Question("errors, 24 hours", "errors", WINDOW_24H, with_ingest=True),
        Question("errors, 30 days", "errors", WINDOW_30D, repeat=5),
        Question("models, 30 days", "models", WINDOW_30D),
        Question("users, 24 hours", "users", WINDOW_24H),
        Question("sessions, 24 hours", "sessions", WINDOW_24H),
        Question("list of traces, 30 days", "traces", WINDOW_30D),
        Question("list of traces, q of a model, 30 days", "traces",
                 {"q": "model = model-3 AND cost > 0.0001usd", **WINDOW_30D}),
        Question("list of traces, q of a user, 30 days", "traces",
                 {"q": "user_id = user-19990", **WINDOW_30D}),
        Question("list of traces, q of an attribute, 24 hours", "traces",
                 {"q": "user_id = user-100 AND attr.customer.tier = 2", **WINDOW_24H}),
        Question(f"full text, rare word, {size.payloads / 1e6:.3g} M payloads", "search",
                 {"query": RARE_WORD, **WINDOW_30D}, 300),
        Question("full text, rare word, 24 hours", "search", {"query": RARE_WORD, **WINDOW_24H}),
    ]


class Client:
    """One connection that stays open, as a page's."""

    def __init__(self, pitot):
        self.pitot = pitot
        self.connection = http.client.HTTPConnection("127.0.0.1", pitot.port, timeout=120)

    def ask(self, url):
        """The body, and how long it took in seconds."""
        started = time.perf_counter()
        self.connection.request("GET", url)
        response = self.connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - started
        if response.status != 200:
            raise BenchError(f"GET {url} answered {response.status}: {body[:400]!r}")
        return body, seconds


def filled(size):
    """A data folder with the generated spans; made when it is not there yet."""
    data_dir = BUILD / "bench" / f"query-{size.name}-v{DATA_VERSION}"
    done = data_dir / "filled.json"
    if done.exists():
        return data_dir
    shutil.rmtree(data_dir, ignore_errors=True)  # Of a run that was ended.
    print(f"filling {data_dir} with {size.spans:,} spans, once", flush=True)
    data_dir.mkdir(parents=True)
    first_day = int(FIRST_DAY.timestamp()) // 86400
    amounts = [f"spans={size.spans // DAYS // 10 * 10}", f"payloads={size.payloads // DAYS}"]
    large = [f"spans={LARGE_TRACE_SPANS}", f"trace={LARGE_TRACE}"]
    tables = ""
    for files, day, days, parameters in (
        (["facts.sql"], first_day, DAYS, amounts),
        (["facts-large.sql"], first_day + DAYS - 1, 1, large),
        (["traces.sql", "payloads.sql", "spans.sql"], first_day, DAYS, amounts),
    ):
        paths = [FOLDER / name for name in files]
        tables += run_program("store_fill", data_dir / "store", day, days, *paths, *parameters)
    done.write_text(json.dumps([json.loads(line) for line in tables.splitlines()], indent=1) + "\n")
    return data_dir


def working_copy(data_dir, target):
    """The stored data for one run, which may write to it. Files of parts never change: links will do."""
    source = data_dir / "store"
    for base, folders, files in os.walk(source):
        folder = target / "store" / os.path.relpath(base, source)
        folder.mkdir(parents=True, exist_ok=True)
        for name in folders:
            if os.path.islink(os.path.join(base, name)):
                (folder / name).symlink_to(os.readlink(os.path.join(base, name)))
        put = os.link if PART.match(os.path.basename(base)) else shutil.copyfile
        for name in files:
            put(os.path.join(base, name), folder / name)
    return target


def asked(client, pitot, question):
    """Figures of one question: median beside its target, best, worst, CPU."""
    url = question.url()
    client.ask(url)  # Warm: as a page that is looked at again.
    cpu = pitot.cpu_seconds()
    seconds = [client.ask(url)[1] for _ in range(question.repeat)]
    cpu = (pitot.cpu_seconds() - cpu) / question.repeat
    return statistics.median(seconds) * 1e3, min(seconds) * 1e3, max(seconds) * 1e3, cpu * 1e3


def trace_ids(pitot):
    query = f"SELECT trace_id FROM traces ORDER BY cityHash64(trace_id) LIMIT {TRACES_ASKED}"
    return [row[0] for row in pitot.ask("POST", "/api/v1/sql", json.dumps({"query": query}))["rows"]]


def trace_times(client, ids):
    """Milliseconds each, of traces not asked for before."""
    times = []
    for trace_id in ids:
        body, seconds = client.ask(f"/api/v1/traces/{trace_id}")
        if body.count(b'"span_id"') < 10:
            raise BenchError(f"trace {trace_id} came with too few spans: {body[:300]!r}")
        times.append(seconds * 1e3)
    return times


def query(context):
    """Traces, figures, lists and full text over 10 M stored spans."""
    size = context.size
    data_dir = working_copy(filled(size), context.work / "query")
    with Pitot(data_dir) as pitot:
        client = Client(pitot)
        times = trace_times(client, trace_ids(pitot))
        row = "query"
        stored = f"{size.spans / 1e6:g} M spans stored"
        yield Figure(row, f"trace by id, {stored}: p99 of {len(times)}", percentile(times, 0.99),
                     "ms", 20)
        yield Figure(row, "  median", statistics.median(times), "ms")
        for question in questions(size):
            median, best, worst, cpu = asked(client, pitot, question)
            yield Figure(row, question.what, median, "ms", question.target_ms)
            yield Figure(row, f"  best; worst {worst:.0f} ms; CPU {cpu:.0f} ms", best, "ms")
        yield Figure(row, "memory after all of it (VmRSS)", memory_bytes(pitot.pid, "VmRSS") / 1e6,
                     "MB")
        yield Figure(row, "most memory (VmHWM)", memory_bytes(pitot.pid, "VmHWM") / 1e6, "MB")


def query_ingest(context):
    """The same while 20,000 spans/s come in."""
    size = context.size
    data_dir = working_copy(filled(size), context.work / "query-ingest")
    row = "ingesting"
    with Pitot(data_dir) as pitot:
        client = Client(pitot)
        ids = trace_ids(pitot)
        loader = subprocess.Popen(
            [program("otlp_load"), "live", "127.0.0.1", str(pitot.port), "/v1/traces",
             str(CONNECTIONS), str(PER_REQUEST), str(pitot.pid),
             f"--rate={SUSTAINED_SPANS_PER_S}", "--seconds=3600", "--json"],
            stdout=subprocess.DEVNULL,
        )
        try:
            time.sleep(INGEST_SETTLE_S)
            started = time.monotonic()
            before = pitot.store()["spans"]
            times = trace_times(client, ids)
            yield Figure(row, f"trace by id: p99 of {len(times)}", percentile(times, 0.99), "ms")
            for question in questions(size) + [
                Question("cost by feature, last 15 minutes", "cost",
                         {"by": "feature", "since": "15m"}, with_ingest=True),
                Question("latency by model, last 15 minutes", "latency",
                         {"by": "model", "since": "15m"}, with_ingest=True),
                Question("list of traces, last hour", "traces", {"since": "1h"}, with_ingest=True),
            ]:
                if not question.with_ingest:
                    continue
                median, best, worst, _ = asked(client, pitot, question)
                yield Figure(row, question.what, median, "ms")
                yield Figure(row, f"  best; worst {worst:.0f} ms", best, "ms")
            if loader.poll() is not None:
                raise BenchError("the load ended early")
            rate = (pitot.store()["spans"] - before) / (time.monotonic() - started)
            yield Figure(row, "spans stored meanwhile", rate, "spans/s",
                         0.95 * SUSTAINED_SPANS_PER_S, at_most=False)
            yield Figure(row, "most memory (VmHWM)", memory_bytes(pitot.pid, "VmHWM") / 1e6, "MB")
        finally:
            loader.kill()
            loader.wait()


def alerts(context):
    """CPU of evaluating the built-in alert rules over the stored spans."""
    size = context.size
    data_dir = working_copy(filled(size), context.work / "alerts")
    until = int(NOON.timestamp())
    figures = json.loads(run_program("alerts_bench", data_dir / "store", until))
    row = "alerts"
    stored = f"{size.spans / 1e6:g} M spans stored"
    yield Figure(row, f"rules every 30 s, {stored}: of one core", figures["percent"], "%", 5)
    yield Figure(row, "  CPU of an evaluation, median", figures["median_ms"], "ms")
    yield Figure(row, "  CPU of the worst", figures["worst_ms"], "ms")
    yield Figure(row, "  CPU of the first, with what is usual", figures["first_ms"], "ms")


ROWS = {"query": query, "ingesting": query_ingest, "alerts": alerts}
