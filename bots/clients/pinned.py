"""One HTTP POST to an address that somebody typed in: resolved once, looked at, and connected to that very address.

A name that is resolved twice may lead somewhere else the second time (DNS rebinding); a redirect may lead anywhere. So neither
happens here. Source: OWASP API7:2023, server-side request forgery.
"""

import socket
import ssl
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from feedback_app.domain import webhook_addresses

TIMEOUT = 10.0  # seconds, for each step
LARGEST_ANSWER = 64 * 1024  # of which nothing is used


class Forbidden(Exception):
    """Every address of this name is in a network that nobody allowed."""


class Unreached(Exception):
    """Certainly nothing arrived."""


class Unsure(Exception):
    """Perhaps it arrived."""


def post(url: str, body: bytes, headers: Mapping[str, str], inner: Sequence[str]) -> int:
    """The status of the answer. Raises Forbidden, Unreached, Unsure, Refused ``webhooks.bad_url``."""
    scheme, host, port = webhook_addresses.check(url)
    address = _address(host, port, inner)
    connection = _Plain(host, port, address) if scheme == "http" else _Sealed(host, port, address)
    try:
        try:
            connection.connect()
        except (OSError, ssl.SSLError) as error:
            raise Unreached from error
        return _exchange(connection, url, body, headers)
    finally:
        connection.close()


def _exchange(connection: HTTPConnection, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        answer.read(LARGEST_ANSWER)
    except (OSError, HTTPException) as error:
        raise Unsure from error
    return answer.status


def _address(host: str, port: int, inner: Sequence[str]) -> str:
    """The first address of this name that may be connected to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreached from error
    addresses = [str(one[4][0]) for one in found]
    allowed = [one for one in addresses if webhook_addresses.may_be_reached(one, inner)]
    if len(allowed) < len(addresses) or not allowed:  # a name with one foot inside is not trusted with the other
        raise Forbidden
    return allowed[0]


class _Plain(HTTPConnection):
    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), timeout=TIMEOUT)


class _Sealed(HTTPSConnection):
    def __init__(self, host: str, port: int, address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT, context=self._tls)
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), timeout=TIMEOUT)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
