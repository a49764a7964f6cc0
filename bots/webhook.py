"""The callback endpoint: signature, decrypt, deduplicate, answer in time.

The platform waits 5 seconds and pushes three times. So the first push to arrive takes the message's key, does everything
in one transaction and stores its answer in it; every other push of the same message gets that stored answer.
"""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Protocol

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
from feedback_app.services.transaction import Session

# What the platform reports about our own sends. Nobody is talking to us: no answer, and no proof that somebody follows.
REPORTS = frozenset({"TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH", "PUBLISHJOBFINISH"})
REPORT_PREFIX = "subscribe_msg_"
AGAIN_WITHIN = 1.5  # seconds; a second attempt only starts while it can still be in time

_log = logging.getLogger(__name__)
_pushes = Counter("service_star_callbacks", "Callbacks of the official account", ["outcome"])


class Answering(Protocol):
    """Does what the message asks for in the caller's transaction, and says so (``bots.dispatch.answer``)."""

    def __call__(self, session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply: ...


class Ours(Protocol):
    """Whether a push is for us (``bots.front.is_ours``); reads only."""

    def __call__(self, session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> bool: ...


def make_blueprint(runtime: Runtime, answer: Answering, ours: Ours | None = None) -> Blueprint:
    """GET and POST /wechat. 403: not signed by the platform; 400: unreadable; everything else is 200.

    With ``wechat.role`` front, what is not ``ours`` goes to the server behind us, and its answer and status come back.
    """
    blueprint = Blueprint("wechat", __name__)
    callback = Callback(runtime.settings.wechat)
    relay = Relay(runtime.settings, callback) if runtime.settings.wechat.role == "front" and ours else None

    @blueprint.get("/wechat")
    def check() -> Response:
        return _guarded(lambda: Response(callback.echo(request.args), mimetype="text/plain"))

    @blueprint.post("/wechat")
    def receive() -> Response:
        def respond() -> Response:
            began = time.monotonic()
            inbound = callback.open(request.args, _body(), *_clocks(runtime))
            if relay is not None and ours is not None and not _is_ours_alone(runtime, ours, inbound):
                if front.both(inbound):
                    answer_once(runtime, answer, inbound)
                _pushes.labels("passed on").inc()
                return _passed_on(relay.pass_on(_push(inbound, began), runtime.now()))
            reply = answer_once(runtime, answer, inbound)
            body = callback.close(inbound, reply, request.args.get("nonce", ""), runtime.now())
            return Response(body, mimetype="text/plain" if body == NOTHING else "text/xml")

        return _guarded(respond)

    return blueprint


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


def _push(inbound: Inbound, began: float) -> Push:
    args = request.args
    return Push(
        query=request.query_string.decode("latin-1"),
        body=_body(),
        content_type=request.headers.get("Content-Type", ""),
        timestamp=args.get("timestamp", ""),
        nonce=args.get("nonce", ""),
        openid=inbound.openid,
        began=began,
    )


def _passed_on(answered: Answered) -> Response:
    return Response(answered.body, answered.status, content_type=answered.content_type)


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
    with runtime.transaction() as session:
        now = runtime.now()  # after waiting for our turn: a month that has been closed meanwhile gets no more ratings
        if not inbox.claim(session, runtime.vault, inbound.key, kind=kind, now=now):
            _pushes.labels("repeated").inc()
            stored = inbox.seen(session, runtime.vault, inbound.key) or {}
            return Reply(**stored)
        reply = _do(session, runtime, answer, inbound, now)
        inbox.record(session, runtime.vault, inbound.key, asdict(reply))
    _pushes.labels("answered").inc()
    return reply


def _do(session: Session, runtime: Runtime, answer: Answering, inbound: Inbound, now: datetime) -> Reply:
    if inbound.event in REPORTS or inbound.event.startswith(REPORT_PREFIX):
        return Reply()
    app_id = runtime.settings.wechat.app_id
    gone = inbound.event == "unsubscribe"
    people.meet(session, runtime.vault, inbound.openid, app_id=app_id, now=now, following=not gone)
    reply = answer(session, runtime, inbound, now=now)
    if gone:
        people.forget(session, runtime.vault, inbound.openid, app_id=app_id)
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


def _guarded(respond: Callable[[], Response]) -> Response:
    try:
        return respond()
    except NotAllowed as error:
        _pushes.labels("forged").inc()
        _log.warning("callback refused: %s", error.code)
        return _refusal(error, 403)
    except Refused as error:
        _pushes.labels("unreadable").inc()
        return _refusal(error, 400)


def _refusal(error: FeedbackError, status: int) -> Response:
    words = texts.text(f"wechat.errors.{error.code.partition('.')[2]}", "en")
    return Response(words, status, mimetype="text/plain")


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
