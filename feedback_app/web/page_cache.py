"""The form's page, made once and given out many times, ahead of Flask.

A form is the same for everybody who opens it in one language and type size, but for two tokens: its idempotency key and the
nonce of its scripts. The plain way (``patient.form``) makes the page; here it is cut at the tokens and kept, packed, and each
visitor gets it with tokens of their own put in. Kept pages are good while ``Database.shown_state`` stays what it was before
they were made, and until a rule with a time span begins or ends. Whatever is not plainly such a page takes the plain way.

The pieces are packed as one stream with placeholders of bytes that occur nowhere in a page: no piece can refer back to a
placeholder, so each can be replaced by a token in a stored block without unpacking the rest (RFC 1951, 3.2.4).
"""

import re
import secrets
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from threading import Lock
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from werkzeug.http import parse_accept_header, parse_cookie
from werkzeug.test import run_wsgi_app

from feedback_app.services.runtime import Runtime
from feedback_app.web import context, rater, tablets

MOST = 400
"""Pages kept at once in one process, about 25 KB each."""
_OFFER = "service_star.page"
_PATH = re.compile(r"/s/[0-9A-Za-z-]{8,20}", re.ASCII)
_QUERY = re.compile(r"(?:lang=([A-Za-z-]{2,10}))?", re.ASCII)
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_PER_ANSWER = frozenset({"content-length", "content-encoding", "content-security-policy"})
_POLICY = "Content-Security-Policy"
Asked = tuple[str, str, str, bool]  # path, language of the address, language, large type


@dataclass
class Offer:
    """What the view says of a page that may be kept. ``tokens``: each token in it, with the bytes it is made of."""

    tokens: Sequence[tuple[str, int]] = ()
    until: datetime | None = None


def is_offered() -> bool:
    """Whether the page of this request goes into the cache, which packs it itself."""
    made = request.environ.get(_OFFER)
    return isinstance(made, Offer) and bool(made.tokens)


def offer(tokens: Sequence[tuple[str, int]], until: datetime | None) -> None:
    """Let the page of this request be kept, when it is one that was asked for here."""
    made = request.environ.get(_OFFER)
    if isinstance(made, Offer):
        made.tokens, made.until = tokens, until


@dataclass(frozen=True)
class Kept:
    """A page cut at its tokens. ``plain`` and ``packed`` are the pieces between them, ``holes`` the token of each cut."""

    state: int
    until: datetime | None
    sizes: tuple[int, ...]  # bytes of randomness of each token
    holes: tuple[int, ...]
    plain: tuple[bytes, ...]
    packed: tuple[bytes, ...]
    first_sum: int  # CRC of the first piece
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    policy: tuple[str, ...] = ()  # the content security policy, cut at the nonce

    def whole(self, tokens: Sequence[bytes]) -> bytes:
        pieces = [self.plain[0]]
        for hole, piece in zip(self.holes, self.plain[1:], strict=True):
            pieces += (tokens[hole], piece)
        return b"".join(pieces)

    def gzipped(self, tokens: Sequence[bytes]) -> bytes:
        pieces, checksum, length = [_GZIP_HEAD, self.packed[0]], self.first_sum, len(self.plain[0])
        for hole, plain, packed in zip(self.holes, self.plain[1:], self.packed[1:], strict=True):
            token = tokens[hole]
            pieces += (_stored(len(token)), token, packed)
            checksum = zlib.crc32(plain, zlib.crc32(token, checksum))
            length += len(token) + len(plain)
        pieces.append(struct.pack("<II", checksum, length & 0xFFFFFFFF))
        return b"".join(pieces)


@lru_cache
def _stored(size: int) -> bytes:
    """The head of a block that is not packed (and not the last)."""
    return struct.pack("<BHH", 0, size, 0xFFFF ^ size)


def cut(body: bytes, offered: Offer, state: int, headers: Iterable[tuple[str, str]]) -> Kept:
    """Take a made page apart. Raises ValueError when it holds a placeholder's bytes, which no page does."""
    told = [value.encode() for value, _ in offered.tokens]
    parts = re.split(b"(" + b"|".join(map(re.escape, told)) + b")", body)
    plain, holes = tuple(parts[::2]), tuple(told.index(token) for token in parts[1::2])
    given = [(name, value) for name, value in headers if name.lower() not in _PER_ANSWER]
    policy = next((value for name, value in headers if name == _POLICY), "")
    return Kept(
        state=state,
        until=offered.until,
        sizes=tuple(size for _, size in offered.tokens),
        holes=holes,
        plain=plain,
        packed=_packed(plain, [len(token) for token in parts[1::2]]),
        first_sum=zlib.crc32(plain[0]),
        headers=tuple(given),
        policy=tuple(policy.split(offered.tokens[-1][0])),
    )


def _packed(pieces: Sequence[bytes], gaps: Sequence[int]) -> tuple[bytes, ...]:
    placeholder = bytes(range(1, 9)) + bytes(range(14, 32)) + bytes(range(1, 9)) + bytes(range(14, 32))
    if re.search(rb"[\x01-\x08\x0e-\x1f]", b"".join(pieces)):
        raise ValueError("a page with control characters cannot be packed in pieces")
    packer = zlib.compressobj(9, wbits=-15)
    packed: list[bytes] = []
    for piece, gap in zip(pieces, (*gaps, 0), strict=True):
        last = len(packed) == len(pieces) - 1
        packed.append(packer.compress(piece) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH))
        if not last:
            packer.compress(placeholder[:gap])
            packer.flush(zlib.Z_SYNC_FLUSH)
    return tuple(packed)


class PageCache:
    """WSGI: answers from the kept pages, and keeps what the plain way makes."""

    def __init__(self, plainly: WSGIApplication, runtime: Runtime, *, asks_wechat: bool) -> None:
        self._plainly, self._runtime, self._asks_wechat = plainly, runtime, asks_wechat
        self._languages = context.offered(runtime.settings.hospital.languages)
        self._pages: dict[Asked, Kept] = {}
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = self._asked(environ)
        if asked is None:
            return self._plainly(environ, start_response)
        try:
            state = self._runtime.database.shown_state()
        except Exception:  # whatever is wrong with the database, the plain way says it properly
            return self._plainly(environ, start_response)
        page = self._pages.get(asked)
        if page is None or page.state != state or (page.until is not None and page.until <= self._runtime.now()):
            return self._made(asked, state, environ, start_response)
        return _answer(page, environ, start_response)

    def _asked(self, environ: WSGIEnvironment) -> Asked | None:
        """None for everything that is not plainly a form: other addresses, tickets, ways through WeChat."""
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "GET" or not path.startswith("/s/") or not _PATH.fullmatch(path):
            return None
        query = _QUERY.fullmatch(environ.get("QUERY_STRING", ""))
        if query is None or environ.get("SCRIPT_NAME"):
            return None
        if self._asks_wechat and rater.is_wechat(environ.get("HTTP_USER_AGENT", "")):
            return None
        cookies = parse_cookie(environ["HTTP_COOKIE"]) if "HTTP_COOKIE" in environ else {}
        if tablets.COOKIE in cookies:
            return None
        wished = query[1] or cookies.get("lang", "")
        language = context.preferred(wished, environ.get("HTTP_ACCEPT_LANGUAGE", ""), self._languages)
        return path, query[1] or "", language, cookies.get(context.CARE) == "1"

    def _made(
        self, asked: Asked, state: int, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The plain way; what it offers is kept, for this visitor and the next."""
        offered = environ[_OFFER] = Offer()
        pieces, status, headers = run_wsgi_app(self._plainly, environ, buffered=True)
        if not offered.tokens or "Set-Cookie" in headers:
            start_response(status, list(headers))
            return pieces
        page = cut(b"".join(pieces), offered, state, list(headers))
        with self._lock:
            while len(self._pages) >= MOST:
                self._pages.pop(next(iter(self._pages)))
            self._pages[asked] = page
        return _answer(page, environ, start_response)


def _answer(page: Kept, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    fresh = [secrets.token_urlsafe(size) for size in page.sizes]
    tokens = [token.encode() for token in fresh]
    headers = [*page.headers, (_POLICY, fresh[-1].join(page.policy))]
    if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
        body = page.gzipped(tokens)
        headers.append(("Content-Encoding", "gzip"))
    else:
        body = page.whole(tokens)
    headers.append(("Content-Length", str(len(body))))
    start_response("200 OK", headers)
    return [body]


@lru_cache(100)
def _takes_gzip(accepted: str) -> bool:
    return parse_accept_header(accepted)["gzip"] > 0


def install(app: Flask, runtime: Runtime) -> None:
    """Stand in front of the application; behind whatever corrects addresses for proxies."""
    asks_wechat = app.extensions.get("patient_identity") is not None
    app.wsgi_app = PageCache(app.wsgi_app, runtime, asks_wechat=asks_wechat)  # type: ignore[method-assign]
