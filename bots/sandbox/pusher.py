"""Pushing callbacks to the product, as the platform does: five seconds, three tries, same MsgId and CreateTime."""

import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from bots.sandbox import wire
from bots.sandbox.judge import Judge, Verdict, failure
from bots.sandbox.state import ACCOUNT, SYSTEM, THEIRS, Platform
from bots.sandbox.wire import Envelope

TRIES = 3
CUT_SECONDS = 5.0
PATH = "/wechat"
LARGEST_ANSWER = 1_000_000


@dataclass(frozen=True)
class Push:
    """One callback, before signing: ``fields`` in the order of the XML."""

    openid: str
    fields: Mapping[str, Any]

    @property
    def is_event(self) -> bool:
        return self.fields.get("MsgType") == "event"


@dataclass
class Outcome:
    """What came of a push. ``statuses``: HTTP status of each try, 0 where no answer came in time."""

    verdict: Verdict
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    msg_id: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "shown": self.verdict.text,
            "kind": self.verdict.kind,
            "why": self.verdict.why,
            "content": self.verdict.content,
            "tries": len(self.statuses),
            "statuses": self.statuses,
            "seconds": [round(one, 4) for one in self.seconds],
            "msg_id": self.msg_id,
        }


class Pusher:
    """Sends pushes to ``settings.server.base_url`` + /wechat in the mode the platform is in."""

    def __init__(self, platform: Platform, cut_seconds: float = CUT_SECONDS) -> None:
        self.platform = platform
        self.cut_seconds = cut_seconds
        wechat = platform.settings.wechat
        self.url = platform.settings.server.base_url + PATH
        self.token = wechat.token.get_secret_value()
        key = wechat.encoding_aes_key.get_secret_value()
        self.envelope = Envelope(key, wechat.app_id) if key else None

    def push(self, push: Push, *, visible: bool = True) -> Outcome:
        """Push, judge the answer, and (``visible``) put what the person sees into the chat."""
        outcome = Outcome(failure("not sent"), msg_id=int(push.fields.get("MsgId", 0)))
        for _ in range(TRIES):
            started = time.monotonic()
            answer = self._sent(push)
            outcome.seconds.append(time.monotonic() - started)
            outcome.statuses.append(answer[0] if answer else 0)
            if answer:
                outcome.verdict = self._judge().of(*answer, push.openid, is_event=push.is_event)
                break
            outcome.verdict = failure(f"no answer within {self.cut_seconds:g} s, three times")
        if visible:
            self._show(push.openid, outcome.verdict)
        return outcome

    def verify(self) -> dict[str, Any]:
        """The check made when the address is entered: GET with echostr."""
        echo = str(secrets.randbelow(10**19))
        query = {**self._signed(), "echostr": echo}
        try:
            with _session() as session, session.get(self.url, params=query, timeout=self.cut_seconds) as answer:
                return {"ok": answer.status_code == 200 and answer.text == echo, "status": answer.status_code}
        except requests.RequestException as error:
            return {"ok": False, "status": 0, "why": type(error).__name__}

    def _signed(self) -> dict[str, str]:
        stamp, nonce = str(int(self.platform.now().timestamp())), str(secrets.randbelow(10**10))
        return {"signature": wire.signature(self.token, stamp, nonce), "timestamp": stamp, "nonce": nonce}

    def _wrapped(self, push: Push) -> tuple[dict[str, str], str]:
        """Query and body in the current mode."""
        query = {**self._signed(), "openid": push.openid}
        plain = wire.to_xml(push.fields)
        if self.platform.mode == "plain":
            return query, plain
        if self.envelope is None:
            raise ValueError("encoding_aes_key is empty: only plain mode is possible")
        sealed = self.envelope.seal(plain)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = wire.signature(self.token, query["timestamp"], query["nonce"], sealed)
        visible = push.fields if self.platform.mode == "compatible" else {"ToUserName": ACCOUNT}
        return query, wire.to_xml({**visible, "Encrypt": sealed})

    def _sent(self, push: Push) -> tuple[int, bytes] | None:
        """Status and body of one try; None when nothing complete came in time."""
        query, body = self._wrapped(push)
        headers = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"}
        deadline = time.monotonic() + self.cut_seconds
        try:
            with (
                _session() as session,
                session.post(
                    self.url, params=query, data=body.encode(), headers=headers, timeout=self.cut_seconds, stream=True
                ) as answer,
            ):
                content = _read(answer, deadline)
        except requests.RequestException:
            return None
        return None if content is None else (answer.status_code, content)

    def _judge(self) -> Judge:
        mode = self.platform.mode
        return Judge(self.token, None if mode == "plain" else self.envelope, encrypted_only=mode == "secure")

    def _show(self, openid: str, verdict: Verdict) -> None:
        if verdict.kind == "failure":
            self.platform.put(("openid", openid), SYSTEM, "wechat", "failure", verdict.text, {"why": verdict.why})
        elif verdict.kind != "nothing":
            self.platform.put(("openid", openid), THEIRS, "reply", verdict.kind, verdict.text, verdict.content)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # loopback: never through a proxy
    return session


def _read(answer: requests.Response, deadline: float) -> bytes | None:
    """The whole body; None when it is not complete in time. An endless one is cut where it is too long anyway."""
    content = b""
    for chunk in answer.iter_content(65_536):
        content += chunk
        if time.monotonic() > deadline:
            return None
        if len(content) > LARGEST_ANSWER:
            break
    return content


class Later:
    """Work done right after an API call was answered (finish events), in one thread of its own."""

    def __init__(self) -> None:
        self._work: queue.Queue[Callable[[], object]] = queue.Queue()
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, work: Callable[[], object]) -> None:
        with self._started:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-later", daemon=True)
                self._thread.start()
        self._work.put(work)

    def settle(self) -> None:
        """Return when everything added so far is done."""
        self._work.join()

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except Exception:
                logging.getLogger(__name__).exception("a late event could not be pushed")
            finally:
                self._work.task_done()
