"""One HTTP call to a platform: bounded in time and size, with nothing secret in errors or logs."""

import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from bots.clients.reactions import ADDRESS, RETRY, UNREACHED, UNSURE, PlatformError, reaction_to

TIMEOUT = (5.0, 10.0)  # seconds to connect; between two pieces of the answer
LONGEST = 15.0  # seconds for all of the answer
LARGEST_ANSWER = 1024 * 1024
_PIECE = 64 * 1024
_IPV4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_BEFORE_SENDING = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.SSLError,
    urllib3.exceptions.ProxyError,
)

# At DEBUG, urllib3 writes every address it asks for, and those hold access tokens.
logging.getLogger("urllib3").setLevel(logging.INFO)

Fields = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    body: bytes
    content_type: str


class Caller:
    """Calls one platform at ``base``. May be shared by threads."""

    def __init__(self, base: str, *, timeout: tuple[float, float] = TIMEOUT, longest: float = LONGEST) -> None:
        self._base = base.rstrip("/")
        self._timeout = timeout
        self._longest = longest
        self._http = requests.Session()

    def json(self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None) -> Fields:
        """The fields of a successful answer (``errcode`` absent or 0).

        Raises PlatformError: with ``errcode``, or UNREACHED (certainly nothing happened), UNSURE (perhaps it did),
        RETRY (a gateway's error page).
        """
        return read(self.raw(method, path, query, body).body, path)

    def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        *,
        largest: int = LARGEST_ANSWER,
    ) -> Answer:
        """The bytes of an answer with status 200. Raises PlatformError as ``json`` does."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        trouble = ""
        try:
            with self._http.request(
                method,
                f"{self._base}/{path}",
                params=query,
                data=data,
                headers={"Content-Type": "application/json; charset=utf-8"} if data else None,
                timeout=self._timeout,
                allow_redirects=False,  # a redirect would carry the token elsewhere
                stream=True,
            ) as got:
                status, kind = got.status_code, got.headers.get("Content-Type", "")
                content = self._content(got, largest)
        except requests.RequestException as error:
            trouble = UNREACHED if _nothing_was_sent(error) else UNSURE
        except (urllib3.exceptions.HTTPError, _TooMuch):
            trouble = UNSURE
        # Raised here and not above: the original error quotes the address with its token, and would hang on to ours.
        if trouble:
            raise PlatformError(trouble, path=path)
        if status != 200:
            raise PlatformError(RETRY, path=path)
        return Answer(content, kind)

    def _content(self, got: requests.Response, largest: int) -> bytes:
        until, pieces, size = time.monotonic() + self._longest, [], 0
        for piece in got.iter_content(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > largest or time.monotonic() > until:
                raise _TooMuch
        return b"".join(pieces)


class _TooMuch(Exception):
    """The answer is too large or takes too long."""


def read(content: bytes, path: str) -> Fields:
    """The fields of an answer; what others send us is input like any other. Raises PlatformError."""
    try:
        fields = json.loads(content)
        errcode = int(fields.get("errcode") or 0)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise PlatformError(RETRY, path=path) from None
    if errcode == 0:
        return dict(fields)
    reaction = reaction_to(errcode)
    address = _IPV4.search(str(fields.get("errmsg", ""))) if reaction == ADDRESS else None
    raise PlatformError(reaction, errcode, path=path, address=address[0] if address else "")


def _nothing_was_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, _BEFORE_SENDING) or isinstance(error, requests.exceptions.InvalidURL)
