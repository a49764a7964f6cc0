"""A system that takes events, on a real port of this machine: it can be down, busy, or send one elsewhere."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any


class Receiver:
    """``status`` is what it answers; ``taken`` holds the bodies of what it answered well."""

    def __init__(self) -> None:
        self.status, self.location = 204, ""
        self.taken: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                if receiver.status < 300:
                    receiver.taken.append(json.loads(body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.server_bind()  # the port is ours, and refuses connections until it is up
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._up = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/events?from=stars"

    def come_up(self) -> None:
        self._server.server_activate()
        self._thread.start()
        self._up = True

    def close(self) -> None:
        if self._up:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


@contextmanager
def receiver(*, up: bool = True) -> Iterator[Receiver]:
    made = Receiver()
    if up:
        made.come_up()
    try:
        yield made
    finally:
        made.close()
