"""What the gateway's rows measure against each other: the same stand-in for a provider, asked
directly, through nginx, through our server and client alone, and through the gateway."""

import getpass
import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from harness import BenchError, Pitot, Process, cpu_seconds, free_ports, program

FOLDER = Path(__file__).resolve().parent
CHAT = "/v1/chat/completions"

NGINX = """
user {user};
worker_processes 2;
daemon off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_max_body_size 64m;
  client_body_buffer_size 4m;
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream provider {{
    server 127.0.0.1:{provider};
    keepalive 1024;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    tcp_nodelay on;
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

# Budgets that every call must pass and none exhausts.
CONFIG = """
gateway:
  upstreams:
    openai: {{url: "http://127.0.0.1:{provider}"}}
  budgets:
    - {{id: daily, scope: global, window: day, limit_usd: 1000000, hard: true}}
    - {{id: users, scope: user, window: day, limit_usd: 1000000, hard: true}}
    - {{id: features, scope: feature, window: month, limit_usd: 1000000, hard: true}}
    - {{id: models, scope: model, window: month, limit_usd: 1000000, hard: true}}
"""


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_listening(process, port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        process.fail_if_ended()
        if listens(port):
            return
        time.sleep(0.02)
    process.stop()
    raise BenchError(f"nobody listens on port {port}:\n{process.log_tail()}")


class Way(Process):
    """A process that listens for the bench's requests. Ready when constructed."""

    path = CHAT

    def __init__(self, args, log, port):
        self.port = port
        super().__init__(args, log)
        wait_listening(self, port)

    def cpu_seconds(self):
        """Of the process and its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(cpu_seconds(pid) for pid in [self.pid, *children])


class Provider(Way):
    def __init__(self, work, *options):
        port = free_ports(1)[0]
        super().__init__([program("mock_provider"), port, *options], work / "provider.log", port)


class Nginx(Way):
    def __init__(self, work, provider):
        if shutil.which("nginx") is None:
            raise BenchError("nginx is missing: tools/install bench")
        self.folder = work / "nginx-proxy"
        self.folder.mkdir()
        port = free_ports(1)[0]
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(user=getpass.getuser(), folder=self.folder, port=port,
                                       provider=provider.port))
        super().__init__(["nginx", "-p", self.folder, "-c", config], work / "nginx-proxy.log", port)

    def stop(self):
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Bare(Way):
    """Our server and client, and nothing between them."""

    def __init__(self, work, provider):
        port = free_ports(1)[0]
        super().__init__([program("bare_proxy"), port, provider.port, 2], work / "bare.log", port)


class Gateway(Pitot):
    path = "/openai" + CHAT

    def __init__(self, work, provider):
        config = work / "gateway.yaml"
        config.write_text(CONFIG.format(provider=provider.port))
        super().__init__(work / "gateway", args=("--config", config))


def chat_body(path, about_bytes):
    """A chat request of that size, as an agent sends it: a history and a question."""
    turn = "The deploy of the checkout service failed; its health check did not pass in time. "
    messages = [{"role": "system", "content": "You are terse."}]
    size = 200
    while size < about_bytes:
        text = turn * max(1, min(8, (about_bytes - size) // len(turn)))
        role = "user" if len(messages) % 2 else "assistant"
        messages.append({"role": role, "content": f"{len(messages)}: {text}"})
        size += len(text) + 40
    messages.append({"role": "user", "content": "Why did the deploy fail?"})
    path.write_text(json.dumps({"model": "gpt-4o-mini", "max_tokens": 256, "messages": messages}))
    return path


def wrk(way, body, connections, seconds):
    """{"rps", "p50", "p99", "cpu_us"}: times in microseconds; CPU of the way, a request."""
    if shutil.which("wrk") is None:
        raise BenchError("wrk is missing: tools/install bench")
    cpu = way.cpu_seconds()
    result = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", FOLDER / "wrk.lua",
         f"http://127.0.0.1:{way.port}{way.path}"],
        capture_output=True, text=True, check=False, env={**os.environ, "BENCH_BODY": str(body)})
    found = re.search(r"^BENCH (.*)$", result.stdout, re.MULTILINE)
    if result.returncode != 0 or found is None:
        raise BenchError(f"wrk failed:\n{result.stdout}{result.stderr}")
    seen = json.loads(found[1])
    if seen["broken"] or not seen["requests"]:
        raise BenchError(f"{seen['broken']} of {seen['requests']} requests failed on {way.path}")
    return {"rps": seen["requests"] / seen["us"] * 1e6, "p50": seen["p50"], "p99": seen["p99"],
            "cpu_us": (way.cpu_seconds() - cpu) / seen["requests"] * 1e6}


def streams(way, connections, seconds):
    """What stream_load saw of that many paced streams at once."""
    result = subprocess.run(
        [program("stream_load"), str(way.port), way.path, str(connections), str(seconds),
         "Authorization: Bearer sk-bench-0123456789abcdef"],
        capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise BenchError(f"stream_load failed: {result.stderr}")
    seen = json.loads(result.stdout)
    if seen["broken"] or not seen["events"]:
        raise BenchError(f"{seen['broken']} streams broke on {way.path}")
    return seen
