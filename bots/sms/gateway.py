"""A hospital's own SMS gateway, or a small adapter in front of any provider: one JSON POST, signed.

Sent: ``{"id", "user", "phone", "text", "sign", "template", "at", "signature"}``; ``signature`` is the HMAC-SHA256 of
``id\\nphone\\ntext\\nat`` under ``sms.secret``. Answered: ``{"code": 0}`` taken; 1 busy, send again; 2 this number never; anything else: no.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from bots.clients.caller import Caller
from bots.clients.reactions import RETRY as GATEWAY_ERROR
from bots.clients.reactions import UNREACHED, PlatformError
from feedback_app.services.deliveries import FAILED, RETRY, SENT, UNKNOWN, Outcome
from feedback_app.services.reasons import coded
from feedback_app.settings import Sms

TAKEN, BUSY = 0, 1


class Gateway:
    def __init__(self, settings: Sms, now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now
        parent, _, self._path = settings.url.rstrip("/").rpartition("/")
        self._caller = Caller(parent)

    def send(self, phone: str, words: str, name: str) -> Outcome:
        try:
            answer = self._caller.raw("POST", self._path, {}, self._body(phone, words, name)).body
        except PlatformError as error:
            sure = error.reaction in {UNREACHED, GATEWAY_ERROR}
            return Outcome(RETRY if sure else UNKNOWN, coded(f"wechat.reason.{'unreached' if sure else 'unsure'}"))
        return _outcome(answer)

    def _body(self, phone: str, words: str, name: str) -> dict[str, str]:
        told = {"id": name, "phone": phone, "text": words, "at": str(int(self._now().timestamp()))}
        signed = "\n".join(told.values()).encode()
        secret = self._settings.secret.get_secret_value().encode()
        more = {"user": self._settings.user, "sign": self._settings.sign, "template": self._settings.template}
        return {**told, **more, "signature": hmac.new(secret, signed, hashlib.sha256).hexdigest()}


def _outcome(answer: bytes) -> Outcome:
    try:
        code = json.loads(answer)["code"]
    except (ValueError, KeyError, TypeError):
        return Outcome(UNKNOWN, coded("wechat.reason.unsure"))
    if code == TAKEN:
        return Outcome(SENT)
    return Outcome(RETRY if code == BUSY else FAILED, coded("visit_invitations.reasons.sms", code=str(code)[:20]))


def open_provider(settings: Sms, now: Callable[[], datetime]) -> Gateway:
    return Gateway(settings, now)
