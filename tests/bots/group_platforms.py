"""DingTalk and Feishu on this machine, behind a proxy of the hospital: real TLS to their real names, their answers and refusals.

Apprise has their addresses fixed. A proxy that ends the encryption with a certificate of its own is how hospitals look into what
leaves the house, so the names need not be touched: ``HTTPS_PROXY`` and the authority's file are enough.
"""

import base64
import hashlib
import hmac
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DINGTALK, FEISHU = "oapi.dingtalk.com", "open.feishu.cn"
TOKEN = "0123456789abcdef" * 4
SECRET = "SECabcdef0123456789"
FEISHU_TOKEN = "abcdefgh-1234-5678-90ab-abcdef123456"


@dataclass
class Platforms:
    """``shown``: what members of a group saw. ``say``: answers in turn instead of their own (status, body); "hang up" closes."""

    port: int = 0
    authority: Path = Path()
    shown: list[tuple[str, str]] = field(default_factory=list)
    say: list[tuple[int, Any] | str] = field(default_factory=list)

    def dingtalk(self, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
        """As open.dingtalk.com describes custom robots with a signature: refusals come with HTTP 200."""
        if query.get("access_token") != [TOKEN]:
            return {"errcode": 300001, "errmsg": "token is not exist"}
        stamp = query.get("timestamp", [""])[0]
        proof = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
        if query.get("sign") != [base64.b64encode(proof).decode()]:
            return {"errcode": 310000, "errmsg": "sign not match"}
        self.shown.append((DINGTALK, body[body["msgtype"]]["content"]))
        return {"errcode": 0, "errmsg": "ok"}

    def feishu(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if FEISHU_TOKEN not in path:
            return {"code": 19001, "msg": "param invalid: incoming webhook access token invalid", "data": {}}
        self.shown.append((FEISHU, body["content"]["text"]))
        return {"code": 0, "msg": "success", "data": {}}


def authority(folder: Path) -> tuple[Path, Path]:
    """A certificate for both names, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "proxy of the hospital")])
    today = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(DINGTALK), x509.DNSName(FEISHU)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    paths = folder / "proxy.pem", folder / "proxy.key"
    paths[0].write_bytes(signed.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


@contextmanager
def behind_a_proxy(folder: Path) -> Iterator[Platforms]:
    certificate, key = authority(folder)
    platforms = Platforms(authority=certificate)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    class Inside(BaseHTTPRequestHandler):
        host = ""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = urlsplit(self.path)
            if platforms.say:
                said = platforms.say.pop(0)
                if isinstance(said, str):
                    return
                status, answer = said
            elif self.host == DINGTALK:
                status, answer = 200, platforms.dingtalk(parse_qs(told.query), body)
            else:
                status, answer = 200, platforms.feishu(told.path, body)
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            first = self.rfile.readline().split()
            while self.rfile.readline().strip():
                pass
            name = first[1].decode().partition(":")[0]
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                with tls.wrap_socket(self.request, server_side=True) as inner:
                    type("Named", (Inside,), {"host": name})(inner, self.client_address, self.server)
            except OSError:
                return  # whoever called did not trust us

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        server.daemon_threads = True
        platforms.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield platforms
        server.shutdown()
        thread.join()
