"""The callback endpoint: signature, decrypt, deduplicate, answer in time.

The platform waits 5 seconds and pushes three times. So the first push to arrive takes the message's key, does everything
in one transaction and stores its answer in it; every other push of the same message gets that stored answer.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Blueprint, Response, request
from prometheus_client import Counter
from werkzeug.exceptions import RequestEntityTooLarge

from bots import front
from bots.messages import Inbound, Reply
from bots.relay import Answered, Push, Relay
from bots.wechat import xml
from bots.wechat.callback import NOTHING, Callback
from feedback_app import clock, texts
from feedback_app.errors import FeedbackError, NotAllowed, Refused
from feedback_app.services import inbox, people
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session, Writing

# What the platform reports about our own sends. Nobody is talking to us: no answer, and no proof that somebody follows.
REPORTS = frozenset({"TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH", "PUBLISHJOBFINISH"})
REPORT_PREFIX = "subscribe_msg_"
AGAIN_WITHIN = 1.5  # seconds; a second attempt only starts while it can still be in time

PATH = "/wechat"
_PLAIN = "text/plain; charset=utf-8"
_STATUS = {200: "200 OK", 400: "400 BAD REQUEST", 403: "403 FORBIDDEN"}

_log = logging.getLogger(__name__)
_pushes = Counter("service_star_callbacks", "Callbacks of the official account", ["outcome"])
_ANSWERED, _REPEATED = _pushes.labels("answered"), _pushes.labels("repeated")


class Answering(Protocol):
    """Does what the message asks for in the caller's transaction, and says so (``bots.dispatch.answer``)."""

    def __call__(self, session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply: ...


class Ours(Protocol):
    """Whether a push is for us (``bots.front.is_ours``); reads only."""

    def __call__(self, session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> bool: ...


@dataclass(frozen=True)
class Arrived:
    """One POST as it came in."""

    query: Mapping[str, str]
    raw_query: str
    body: bytes
    content_type: str = ""


@dataclass(frozen=True)
class Answer:
    """What goes back, whoever serves it."""

    body: bytes
    status: int = 200
    content_type: str = "text/xml; charset=utf-8"


class Endpoint:
    """The callback of one official account: what both ways in, Flask's and the short one, call."""

    def __init__(self, runtime: Runtime, answer: Answering, ours: Ours | None = None) -> None:
        self._runtime, self._answer, self._ours = runtime, answer, ours
        self._callback = Callback(runtime.settings.wechat)
        in_front = runtime.settings.wechat.role == "front" and ours is not None
        self._relay = Relay(runtime.settings, self._callback) if in_front else None

    def check(self, query: Mapping[str, str]) -> Answer:
        """The platform asks whether the address is ours."""
        return _guarded(lambda: Answer(self._callback.echo(query).encode(), content_type=_PLAIN))

    def receive(self, arrived: Arrived) -> Answer:
        """403: not signed by the platform; 400: unreadable; everything else is 200 (or what the server behind us said)."""
        return _guarded(lambda: self._received(arrived))

    def _received(self, arrived: Arrived) -> Answer:
        runtime, began = self._runtime, time.monotonic()
        inbound = self._callback.open(arrived.query, arrived.body, *_clocks(runtime))
        if self._relay is not None and self._ours and not _is_ours_alone(runtime, self._ours, inbound):
            if front.both(inbound):
                answer_once(runtime, self._answer, inbound)
            _pushes.labels("passed on").inc()
            return _passed_on(self._relay.pass_on(_push(arrived, inbound, began), runtime.now()))
        reply = answer_once(runtime, self._answer, inbound)
        body = self._callback.close(inbound, reply, arrived.query.get("nonce", ""), runtime.now())
        return Answer(body, content_type=_PLAIN if body == NOTHING else Answer.content_type)


def make_blueprint(endpoint: Endpoint) -> Blueprint:
    """GET and POST /wechat, the plain way through Flask."""
    blueprint = Blueprint("wechat", __name__)

    @blueprint.get(PATH)
    def check() -> Response:
        return _response(endpoint.check(request.args))

    @blueprint.post(PATH)
    def receive() -> Response:
        try:
            body = _body()
        except Refused as error:
            return _response(_refusal(error, 400))
        raw_query, content_type = request.query_string.decode("latin-1"), request.headers.get("Content-Type", "")
        return _response(endpoint.receive(Arrived(request.args, raw_query, body, content_type)))

    return blueprint


class ShortWay:
    """POST /wechat ahead of Flask: no cookies, forms, languages or hooks of pages stand in the way of a message.

    Only what is plainly such a push: anything odd about it (no length, too long, a prefix) takes the plain way.
    """

    def __init__(self, application: WSGIApplication, endpoint: Endpoint) -> None:
        self._plainly, self._endpoint = application, endpoint

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or ""
        is_push = (
            environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] == "POST" and not environ.get("SCRIPT_NAME")
        )
        if not is_push or not length.isdecimal() or not 0 < int(length) <= xml.LARGEST:
            return self._plainly(environ, start_response)
        body = environ["wsgi.input"].read(int(length))
        raw_query = environ.get("QUERY_STRING", "")
        query = dict(reversed(parse_qsl(raw_query, keep_blank_values=True)))
        answer = self._endpoint.receive(Arrived(query, raw_query, body, environ.get("CONTENT_TYPE", "")))
        start_response(
            _STATUS.get(answer.status, f"{answer.status} -"),
            [
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(answer.body))),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ],
        )
        return [answer.body]


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _is_ours_alone(runtime: Runtime, ours: Ours, inbound: Inbound) -> bool:
    """When we cannot tell, the other server had it before us."""
    if front.both(inbound):
        return False
    try:
        with runtime.reading() as session:
            return ours(session, runtime, inbound, now=runtime.now())
    except Exception as error:  # a door: the message must reach one of the two
        _report(inbound, error)
        return False


def _push(arrived: Arrived, inbound: Inbound, began: float) -> Push:
    return Push(
        query=arrived.raw_query,
        body=arrived.body,
        content_type=arrived.content_type,
        timestamp=arrived.query.get("timestamp", ""),
        nonce=arrived.query.get("nonce", ""),
        openid=inbound.openid,
        began=began,
    )


def _passed_on(answered: Answered) -> Answer:
    return Answer(answered.body, answered.status, answered.content_type)


def answer_once(runtime: Runtime, answer: Answering, inbound: Inbound) -> Reply:
    """The answer to this message; whatever it asks for happens once, however often it is pushed.

    An unexpected failure changes nothing and is tried again once. If that fails too, the person is asked to send it again,
    and the message stays unrecorded, so that a repeated push may still succeed.
    """
    began = time.monotonic()
    for last in (False, True):
        try:
            return _attempt(runtime, answer, inbound)
        except FeedbackError as error:
            area, _, name = error.code.partition(".")
            return Reply(_sentence(f"{area}.errors.{name}", error.params))
        except Exception as error:  # a door: nothing may leave it as an error page, which would lose the message
            _report(inbound, error)
            if last or time.monotonic() - began > AGAIN_WITHIN:
                break
    _pushes.labels("failed").inc()
    return Reply(texts.text("wechat.reply.failed"))


def _attempt(runtime: Runtime, answer: Answering, inbound: Inbound) -> Reply:
    kind = f"{inbound.kind}:{inbound.event}" if inbound.event else inbound.kind
    stored = inbox.stored_key(runtime.vault, inbound.key)
    with runtime.writing() as unit:
        now = runtime.now()  # after waiting for our turn: a month that has been closed meanwhile gets no more ratings
        if not inbox.claim(unit, stored, kind=kind, now=now):
            _REPEATED.inc()
            return Reply(**(inbox.seen(unit.session, stored) or {}))
        reply = _do(unit, runtime, answer, inbound, now)
        inbox.record(unit, stored, vars(reply))
    _ANSWERED.inc()
    return reply


def _do(unit: Writing, runtime: Runtime, answer: Answering, inbound: Inbound, now: datetime) -> Reply:
    if inbound.event in REPORTS or inbound.event.startswith(REPORT_PREFIX):
        return Reply()
    reply = answer(runtime.session_of(unit), runtime, inbound, now=now)
    if inbound.event == "unsubscribe":
        people.forget(unit.session, runtime.vault, inbound.openid, app_id=runtime.settings.wechat.app_id)
        return Reply()
    return reply


def _clocks(runtime: Runtime) -> tuple[datetime, ...]:
    """Ours; while the demo's clock is moved, a push may also live by the real one."""
    now = runtime.now()
    return (now, clock.system_clock()) if runtime.settings.sandbox.clock_file else (now,)


def _body() -> bytes:
    request.max_content_length = xml.LARGEST
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise Refused("wechat.bad_body") from None


def _guarded(respond: Callable[[], Answer]) -> Answer:
    try:
        return respond()
    except NotAllowed as error:
        _pushes.labels("forged").inc()
        _log.warning("callback refused: %s", error.code)
        return _refusal(error, 403)
    except Refused as error:
        _pushes.labels("unreadable").inc()
        return _refusal(error, 400)


def _refusal(error: FeedbackError, status: int) -> Answer:
    words = texts.text(f"wechat.errors.{error.code.partition('.')[2]}", "en")
    return Answer(words.encode(), status, _PLAIN)


def _sentence(key: str, params: dict[str, object]) -> str:
    try:
        return texts.text(key, **params)
    except KeyError:  # an error without words: say something kind rather than nothing
        return texts.text("wechat.reply.failed")


def _report(inbound: Inbound, error: Exception) -> None:
    """Where it broke, without the message of the error: those may quote what a patient wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    trail = " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in reversed(frames))
    _log.error("answering a %s %s failed: %s at %s", inbound.kind, inbound.event, type(error).__name__, trail)
