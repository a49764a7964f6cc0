"""Serving the sandbox in one process with threads, on loopback only."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

HOST = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """HTTP/1.1 with kept connections, and no line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def server(app: Flask, port: int = 0) -> BaseWSGIServer:
    """A server bound to 127.0.0.1; port 0: any free one (see ``port``). Raises OSError when it is taken."""
    with socket.create_server((HOST, port), backlog=128) as bound:  # bound here: werkzeug would end the process
        made = make_server(HOST, port, app, threaded=True, request_handler=_Quiet, fd=bound.fileno())
    made.daemon_threads = True  # type: ignore[attr-defined]
    return made


@contextmanager
def running(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve in a thread; gives the address, stops at the end."""
    made = server(app, port)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{made.port}"
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
