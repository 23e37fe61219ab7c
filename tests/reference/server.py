"""The program under test: started on free ports with fresh data, embedded or on a remote store."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import canonical
import generate
import moments

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_SECONDS = 60
STOP_SECONDS = 30
STORED_SECONDS = 120
ENGINES = ("embedded", "remote")


class Refused(Exception):
    """The server's answer is an error."""

    def __init__(self, status, text):
        super().__init__(f"HTTP {status}: {text[:2000]}")
        self.status = status


def build_folder():
    return pathlib.Path(os.environ.get("PITOT_BUILD_DIR", ROOT / "build"))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """As a context manager: ready inside the block, stopped in order after it."""

    def __init__(self, engine):
        self.engine = engine
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"pitot-reference-{engine}-"))
        self.port = free_port()
        self.store_process = None
        self.process = None
        self.local = threading.local()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def start(self):
        program = pathlib.Path(os.environ.get("PITOT_PROGRAM", build_folder() / "pitot"))
        if not program.exists():
            raise SystemExit(f"{program} is missing: run make build")
        prices = self.folder / "prices.yaml"
        prices.write_text(canonical.prices_yaml())
        env = dict(os.environ)
        env |= {
            "PITOT_LISTEN_HTTP": f"127.0.0.1:{self.port}",
            "PITOT_LISTEN_GRPC": "off",
            "PITOT_DATA_DIR": str(self.folder / "data"),
            "PITOT_PRICES_FILE": str(prices),
            "PITOT_RETENTION_DAYS": str(generate.RETENTION_DAYS),
            "PITOT_INGEST_OPEN_TIMEOUT": f"{generate.OPEN_TIMEOUT // moments.SECOND}s",
        }
        if self.engine == "remote":
            port = self.start_store()
            env |= {"PITOT_STORE_MODE": "remote", "PITOT_STORE_URLS": f"http://127.0.0.1:{port}"}
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([program, "serve"], env=env, stdout=self.log, stderr=self.log)
        self.wait_until(lambda: self.get("/readyz") is not None, READY_SECONDS, "ready")

    def start_store(self):
        port = free_port()
        program = build_folder() / "tests" / "clickhouse_server"
        library = os.environ.get("PITOT_ENGINE_PATH", build_folder() / "libchdb.so")
        if not program.exists():
            raise SystemExit(f"{program} is missing: build the target clickhouse_server")
        self.store_process = subprocess.Popen(
            [program, library, str(port), str(self.folder / "store")],
            stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "store.log", "wb"),
        )

        def answers():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200

        self.wait_until(answers, READY_SECONDS, "the store's server")
        return port

    def wait_until(self, satisfied, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, Refused):
                if satisfied():
                    return
            for process in (self.process, self.store_process):
                if process is not None and process.poll() is not None:
                    raise SystemExit(f"{what}: {process.args} ended:\n{self.log_text()}")
            if time.monotonic() > deadline:
                raise SystemExit(f"{what}: not within {seconds} s:\n{self.log_text()}")
            time.sleep(0.05)  # Between two polls.

    def log_text(self):
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def __exit__(self, *_):
        failed = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                code = self.process.wait(STOP_SECONDS)
                failed = f"pitot serve ended with {code}" if code else None
            except subprocess.TimeoutExpired:
                self.process.kill()
                failed = f"pitot serve did not stop within {STOP_SECONDS} s"
        if self.store_process is not None:
            self.store_process.kill()
            self.store_process.wait()
        log = self.log_text()
        shutil.rmtree(self.folder, ignore_errors=True)
        if failed:
            raise SystemExit(f"{failed}:\n{log}")

    # Requests, each thread on a connection of its own that is kept.

    def request(self, method, path, params=None, body=None, headers=None):
        """The body of a 200 as bytes."""
        target = path + ("?" + urllib.parse.urlencode(params) if params else "")
        for last in (False, True):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                self.local.connection = connection
            try:
                connection.request(method, target, body, headers or {})
                reply = connection.getresponse()
                data = reply.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()  # Kept too long, perhaps; a second failure is one.
                self.local.connection = None
                if last:
                    raise
        if reply.status != 200:
            raise Refused(reply.status, data.decode(errors="replace"))
        return data

    def get(self, path, params=None):
        return self.request("GET", path, params)

    def get_json(self, path, params=None):
        return json.loads(self.get(path, params))

    def send_lines(self, project, lines):
        body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        reply = json.loads(self.request("POST", "/api/v1/spans", {"project": project}, body))
        if reply["rejected"] or (not reply["duplicate"] and reply["accepted"] != len(lines)):
            raise SystemExit(f"spans were refused: {reply}")

    def send_otlp(self, request):
        self.request(
            "POST",
            "/v1/traces",
            None,
            json.dumps(request, ensure_ascii=False).encode(),
            {"Content-Type": "application/json"},
        )

    def wait_until_stored(self):
        """Until nothing acknowledged waits for the store."""

        def empty():
            text = self.get("/metrics").decode()
            return re.search(r"^pitot_spool_pending_records 0$", text, re.M) is not None

        self.wait_until(empty, STORED_SECONDS, "spans in the store")
