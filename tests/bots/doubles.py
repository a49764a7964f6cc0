"""A platform and a mail server on loopback that answer what the test says, and keep what they were sent."""

import json
import socket
import socketserver
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Say:
    """One scripted answer. ``hang_up``: close without answering; ``wait``: answer only when the test is over."""

    fields: Any = None
    status: int = 200
    raw: bytes | None = None
    kind: str = "application/json"
    hang_up: bool = False
    wait: bool = False

    def content(self) -> bytes:
        return json.dumps(self.fields if self.fields is not None else {}).encode() if self.raw is None else self.raw


HANG_UP = Say(hang_up=True)
GATEWAY = Say(status=502, raw=b"<html><title>502 Bad Gateway</title></html>", kind="text/html")
Script = Say | Callable[[Call], Say]


@dataclass
class PlatformDouble:
    """Answers from ``script[path]`` in turn, the last one for ever; without a script: success, and tokens T1, T2 …"""

    address: str = ""
    script: dict[str, list[Script]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, path: str) -> list[Call]:
        return [one for one in self.calls if one.path == path]

    def answer(self, call: Call) -> Say:
        with self.lock:
            self.calls.append(call)
            lines = self.script.get(call.path)
            if lines is None:
                tokens = sum(one.path == call.path for one in self.calls)
                return Say({"errcode": 0, "access_token": f"T{tokens}", "expires_in": 7200, "msgid": 1})
            line = lines.pop(0) if len(lines) > 1 else lines[0]
        return line if isinstance(line, Say) else line(call)


@contextmanager
def platform() -> Iterator[PlatformDouble]:
    double = PlatformDouble()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            say = double.answer(
                Call(self.command, parts.path[1:], dict(parse_qsl(parts.query)), json.loads(body) if body else None)
            )
            if say.wait:
                double.over.wait(30)
            if say.wait or say.hang_up:
                self.close_connection = True
                return
            content = say.content()
            self.send_response(say.status)
            self.send_header("Content-Type", say.kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The product hanged up on us: some tests make it do so."""

    with Server(("127.0.0.1", 0), Handler) as server:
        double.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield double
        double.over.set()
        server.shutdown()
        thread.join()


@dataclass
class MailDouble:
    """``codes``: what to answer to a command (``RCPT`` -> 550); 0: hang up. ``BODY`` is the end of the message."""

    port: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    mails: list[bytes] = field(default_factory=list)
    commands: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailDouble]:
    """``tls``: speak TLS from the first byte, with that certificate."""
    double = MailDouble()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if not self._say("HELLO", 220):
                return
            while line := self.rfile.readline():
                verb, _, rest = line.decode().strip().partition(" ")
                double.commands[verb.upper()].append(rest)
                if not self._say(verb.upper(), 354 if verb.upper() == "DATA" else 250) or verb.upper() == "QUIT":
                    return
                if verb.upper() == "DATA" and double.codes.get("DATA", 354) == 354 and not self._receive():
                    return

        def _receive(self) -> bool:
            lines = []
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            double.mails.append(b"".join(lines))
            return self._say("BODY", 250)

        def _say(self, verb: str, usual: int) -> bool:
            code = double.codes.get(verb, usual)
            if code:
                self.wfile.write(f"{code} told so\r\n".encode())
            return bool(code)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def get_request(self) -> tuple[socket.socket, Any]:
            plain, address = super().get_request()
            return (tls.wrap_socket(plain, server_side=True) if tls else plain), address

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The product hanged up on us: some tests make it do so."""

    with Server(("127.0.0.1", 0), Handler) as server:
        double.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield double
        server.shutdown()
        thread.join()


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
