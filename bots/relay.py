"""Passing a push on to the server behind us, and its answer back."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
import urllib3

from bots.wechat import signature, xml
from bots.wechat.callback import NOTHING, Callback
from bots.wechat.crypto import Envelope
from feedback_app.errors import FeedbackError
from feedback_app.settings import Settings

SECONDS = 4.9  # the platform waits 5 for us both; the other server gets what we have not used ourselves
QUEUE_SECONDS = 2.0  # to wait for a free connection, so that a slow server behind us does not hold all our threads
LARGEST = 256 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Push:
    """As it came: ``query`` is the raw query string, ``body`` the raw body."""

    query: str
    body: bytes
    content_type: str
    timestamp: str
    nonce: str
    openid: str
    began: float  # time.monotonic() when it came


@dataclass(frozen=True)
class Answered:
    body: bytes
    status: int = 200
    content_type: str = "text/plain"


NO_ANSWER = Answered(b"", 504)  # the platform repeats the push, as it would have done without us
BUSY = Answered(b"", 503)


class Relay:
    """To ``wechat.upstream``; one for each process. May be shared by threads."""

    def __init__(self, settings: Settings, callback: Callback) -> None:
        self._callback = callback
        self._upstream = urlsplit(settings.wechat.upstream)
        self._token = settings.wechat.upstream_token.get_secret_value()
        key = settings.wechat.upstream_aes_key.get_secret_value()
        self._envelope = Envelope(key, settings.wechat.app_id) if key else None
        self._http = requests.Session()
        self._http.trust_env = False
        self._free = threading.BoundedSemaphore(max(1, settings.web_threads - 1))

    def pass_on(self, push: Push, now: datetime) -> Answered:
        """The other server's answer: byte for byte, or opened and sealed anew where it has a token of its own.

        Never raises: a server that does not answer is a push that the platform repeats.
        """
        sent = push if not self._token else self._signed_anew(push, now)
        if not self._free.acquire(timeout=QUEUE_SECONDS):
            return BUSY
        try:
            answered = self._ask(sent, push.began + SECONDS)
        finally:
            self._free.release()
        if answered is None:
            return NO_ANSWER
        return answered if not self._token else self._answer_anew(answered, push, now)

    def _ask(self, push: Push, until: float) -> Answered | None:
        left = until - time.monotonic()
        query = "&".join(filter(None, (self._upstream.query, push.query)))
        address = urlunsplit(self._upstream._replace(query=query))
        try:
            with self._http.post(
                address,
                data=push.body,
                headers={"Content-Type": push.content_type or "text/xml"},
                timeout=(min(2.0, max(left, 0.1)), max(left, 0.1)),
                allow_redirects=False,
                stream=True,
            ) as got:
                body = got.raw.read(LARGEST + 1, decode_content=True)
                if len(body) > LARGEST or time.monotonic() > until:
                    return None
                return Answered(body, got.status_code, got.headers.get("Content-Type", "text/plain"))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            _log.warning("the server behind us did not answer: %s", type(error).__name__)
            return None

    def _signed_anew(self, push: Push, now: datetime) -> Push:
        seconds, clear = str(int(now.timestamp())), self._callback.clear(push.body)
        query = {
            "signature": signature.sign(self._token, seconds, push.nonce),
            "timestamp": seconds,
            "nonce": push.nonce,
            "openid": push.openid,
        }
        body = clear
        if self._envelope is not None:
            sealed = self._envelope.seal(clear)
            query |= {
                "encrypt_type": "aes",
                "msg_signature": signature.sign(self._token, seconds, push.nonce, sealed),
            }
            account = xml.cdata(str(xml.read(clear).get("ToUserName", "")))
            body = f"<xml><ToUserName>{account}</ToUserName><Encrypt>{xml.cdata(sealed)}</Encrypt></xml>".encode()
        return Push(urlencode(query), body, "text/xml", seconds, push.nonce, push.openid, push.began)

    def _answer_anew(self, answered: Answered, push: Push, now: datetime) -> Answered:
        if answered.status != 200 or answered.body.strip() in {b"", NOTHING}:
            return answered
        try:
            plain = answered.body if self._envelope is None else self._opened(self._envelope, answered.body)
        except FeedbackError as error:
            _log.warning("the answer of the server behind us cannot be opened: %s", error.code)
            return Answered(NOTHING)
        return Answered(self._callback.sealed(plain, push.nonce, now), 200, "text/xml")

    def _opened(self, envelope: Envelope, body: bytes) -> bytes:
        """Raises NotAllowed or Refused where it was not made with the other server's token and key."""
        fields = {name: str(value) for name, value in xml.read(body).items()}
        sealed = fields.get("Encrypt", "")
        signature.require(
            fields.get("MsgSignature", ""), self._token, fields.get("TimeStamp", ""), fields.get("Nonce", ""), sealed
        )
        return envelope.open(sealed)
