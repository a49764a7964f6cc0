"""The server an official account had before us: a booking vendor's, on loopback, with WeRoBot's cryptography."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from werobot.crypto import MessageCrypt
from werobot.utils import get_signature

from tests.bots.wire import APP_ID


@dataclass(frozen=True)
class Got:
    query: str
    body: bytes
    fields: dict[str, str]


@dataclass
class Vendor:
    """``token`` and ``key`` ("" : in clear) are its own settings. Answers every text with ``挂号：<text>``."""

    token: str
    key: str
    address: str = ""
    got: list[Got] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0
    status: int = 200
    sent: list[bytes] = field(default_factory=list)
    spoil: Callable[[bytes], bytes] = lambda body: body

    def texts(self) -> list[str]:
        return [one.fields.get("Content") or one.fields.get("Event", "") for one in self.got]

    def answer(self, raw_query: str, body: bytes) -> bytes:
        query = dict(parse_qsl(raw_query))
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        fields = {one.tag: one.text or "" for one in ElementTree.fromstring(body)}
        if self.key:
            plain = MessageCrypt(self.token, self.key, APP_ID).decrypt_message(
                timestamp, nonce, query["msg_signature"], fields["Encrypt"]
            )
            fields = {one.tag: one.text or "" for one in ElementTree.fromstring(plain)}
        elif get_signature(self.token, timestamp, nonce) != query.get("signature"):
            self.refused.append(raw_query)
            return b""
        self.got.append(Got(raw_query, body, fields))
        if fields["MsgType"] != "text":
            return b"success"
        said = (
            f"<xml><ToUserName>{fields['FromUserName']}</ToUserName><FromUserName>{fields['ToUserName']}</FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType>text</MsgType>"
            f"<Content><![CDATA[挂号：{fields['Content']}]]></Content></xml>"
        )
        if not self.key:
            return said.encode()
        sealed: Any = MessageCrypt(self.token, self.key, APP_ID).encrypt_message(said, timestamp, nonce)
        return sealed if isinstance(sealed, bytes) else str(sealed).encode()


@contextmanager
def vendor(token: str, key: str) -> Iterator[Vendor]:
    double = Vendor(token, key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = double.spoil(double.answer(urlsplit(self.path).query, body))
            over.wait(double.seconds)
            double.sent.append(answer)
            self.send_response(double.status)
            self.send_header("Content-Type", "text/xml; charset=gbk")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The other side did not wait."""

    over = threading.Event()
    with Server(("127.0.0.1", 0), Handler) as server:
        double.address = f"http://127.0.0.1:{server.server_address[1]}/vendor/wechat"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield double
        over.set()
        server.shutdown()
        thread.join()
