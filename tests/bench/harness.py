"""What the rows of `make bench` share: the server as a process, /proc, HTTP, figures."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PITOT_BUILD_DIR", ROOT / "build"))

READY_DEADLINE_S = 60
STOP_DEADLINE_S = 60
POLL_S = 0.05
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """A row cannot be measured; the text says why and what to do."""


@dataclass
class Figure:
    """One measured value beside its target. target None: shown for comparison only."""

    row: str
    what: str
    value: float
    unit: str
    target: float | None = None
    at_most: bool = True  # Else the target is a minimum.

    def met(self):
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    def target_text(self):
        if self.target is None:
            return ""
        return f"{'<=' if self.at_most else '>='} {number(self.target)}"

    def line(self):
        verdict = {True: "met", False: "MISSED", None: ""}[self.met()]
        value = f"{number(self.value)} {self.unit}"
        return f"{self.row:<10} {self.what:<52} {value:>20} {self.target_text():>12}  {verdict}"

    def as_json(self):
        return {
            "row": self.row,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "at_most": self.at_most,
            "met": self.met(),
        }


def number(value):
    """1234567 -> 1,234,567; small numbers keep three digits."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def percentile(values, share):
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def program(name):
    path = BUILD / name
    if not path.exists():
        raise BenchError(f"{path} is missing: run tests/bench/run without --no-build")
    return path


def run_program(name, *args):
    """Runs one of our programs to its end; its standard output."""
    result = subprocess.run(
        [program(name), *map(str, args)], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        command = " ".join([name, *map(str, args)])
        raise BenchError(f"{command} ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return result.stdout


def free_ports(count):
    """Ports nobody listens on; held together, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def cpu_seconds(pid):
    """User and system time of a process so far, of its ended children too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS_PER_S


def memory_bytes(pid, key):
    """VmRSS: memory held now. VmHWM: the most it ever held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"/proc/{pid}/status has no {key}")


def folder_bytes(folder):
    """Blocks that the files of a folder take on the disk; what vanishes meanwhile counts nothing."""
    total = 0
    for base, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(base, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


def load_one_minute():
    return os.getloadavg()[0]


class WorkFolder:
    """A folder under build/bench, on the disk that the project is on; gone at the end."""

    def __init__(self, keep):
        base = BUILD / "bench"
        base.mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix="run-", dir=base))
        self.keep = keep

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        if self.keep:
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)


class Process:
    """A child that is ended with its block, however that ends."""

    def __init__(self, args, log, env=None):
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                [str(arg) for arg in args], stdout=output, stderr=output, env=env
            )
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def fail_if_ended(self):
        if self.child.poll() is not None:
            raise BenchError(
                f"{self.child.args[0]} ended with {self.child.returncode}:\n{self.log_tail()}"
            )

    def log_tail(self):
        return Path(self.log).read_text(errors="replace")[-2000:]

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Pitot(Process):
    """The program, serving `data_dir` on free ports. Ready when constructed."""

    def __init__(self, data_dir, settings=None, args=()):
        self.port, grpc_port = free_ports(2)
        self.data_dir = Path(data_dir)
        env = {
            **os.environ,
            "PITOT_LISTEN_HTTP": f"127.0.0.1:{self.port}",
            "PITOT_LISTEN_GRPC": f"127.0.0.1:{grpc_port}",
            "PITOT_DATA_DIR": str(data_dir),
            **(settings or {}),
        }
        started = time.monotonic()
        super().__init__([program("pitot"), "serve", *args], f"{data_dir}.log", env)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        self.ready_after_s = time.monotonic() - started

    def wait_ready(self):
        deadline = time.monotonic() + READY_DEADLINE_S
        while time.monotonic() < deadline:
            self.fail_if_ended()
            try:
                if self.request("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.002)
        raise BenchError(f"not ready after {READY_DEADLINE_S} s:\n{self.log_tail()}")

    def request(self, method, path, body=None, content_type="application/json"):
        """Status and body of one request on its own connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Content-Type": content_type} if body is not None else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None):
        """The JSON of a successful answer."""
        status, text = self.request(method, path, body)
        if status != 200:
            raise BenchError(f"{method} {path} answered {status}: {text[:400]!r}")
        return json.loads(text)

    def count_spans(self):
        """Spans that queries see."""
        query = json.dumps({"query": "SELECT count() AS n FROM spans"})
        answer = self.ask("POST", "/api/v1/sql", query)
        return int(answer["rows"][0][0])

    def store(self):
        """What has been written to the store: {"spans", "error", ...}."""
        return self.ask("GET", "/api/v1/receipts")["store"]

    def wait_stored(self, spans, deadline_s):
        """Until queries see that many spans. The cheap counter first, then the count itself."""
        deadline = time.monotonic() + deadline_s
        while (done := self.store())["spans"] < spans:
            self.fail_if_ended()
            if time.monotonic() > deadline:
                raise BenchError(
                    f"{done['spans']} of {spans} spans stored after {deadline_s} s; "
                    f"flush error: {done['flush_error']!r}\n{self.log_tail()}"
                )
            time.sleep(POLL_S)

    def cpu_seconds(self):
        return cpu_seconds(self.pid)
