"""nginx as the floor of the ingest rows: it reads each request, writes its body to a file (without
fsync) and answers 200. Nothing that looks at the bytes can be cheaper by much."""

import getpass
import shutil
import socket
import time
from pathlib import Path

from harness import BenchError, Process, cpu_seconds, free_ports

CONFIG = """
user {user};
worker_processes 2;
daemon off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_max_body_size 64m;
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      client_body_in_file_only on;
      proxy_pass_request_body off;
      proxy_set_header Content-Length 0;
      proxy_pass http://unix:{folder}/answer.sock;
    }}
  }}
  server {{
    listen unix:{folder}/answer.sock;
    location / {{ return 200 ""; }}
  }}
}}
"""


class NginxSink(Process):
    """Ready when constructed. `folder` is made, and removed at the end."""

    def __init__(self, folder):
        if shutil.which("nginx") is None:
            raise BenchError("nginx is missing: tools/install bench")
        self.folder = Path(folder)
        self.folder.mkdir()
        self.port = free_ports(1)[0]
        config = self.folder / "nginx.conf"
        # Workers of a root's nginx are somebody else unless told, and may not write here.
        config.write_text(
            CONFIG.format(user=getpass.getuser(), folder=self.folder, port=self.port)
        )
        super().__init__(["nginx", "-p", self.folder, "-c", config], f"{folder}.log")
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def wait_ready(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            self.fail_if_ended()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise BenchError(f"nginx does not listen:\n{self.log_tail()}")

    def cpu_seconds(self):
        """Of master and workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(cpu_seconds(pid) for pid in [self.pid, *children])

    def stop(self):
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)
