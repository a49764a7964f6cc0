"""What channels share: from a platform's answer to an Outcome, and the words of a message."""

import hashlib
import logging

from bots.clients.reactions import DONE, QUOTA, RETRY, SLOW_DOWN, TOKEN, UNREACHED, UNSURE, PlatformError
from bots.messages import cut, unlinked
from bots.wechat import xml
from feedback_app.domain.questions.text import clean
from feedback_app.services.deliveries import FAILED, SENT, UNKNOWN, Outcome, Outgoing
from feedback_app.services.deliveries import RETRY as TRY_AGAIN
from feedback_app.services.reasons import coded

_BUSY_SECONDS = 30
_LONGEST_TITLE = 256  # bytes; title and address leave room for the text in the shortest message (2,048)
_LONGEST_URL = 1024
_PAUSE = {SLOW_DOWN: 60, TOKEN: 600}
_log = logging.getLogger(__name__)


class PlatformChannel:
    """Subclasses write ``send``, which raises PlatformError or returns; everything becomes an Outcome here."""

    idempotent = False  # whether the same message sent twice shows once
    repeat_within = 0  # seconds for which the platform keeps that promise

    def send(self, message: Outgoing) -> Outcome:
        raise NotImplementedError

    def deliver(self, message: Outgoing) -> Outcome:
        try:
            return self.send(message)
        except PlatformError as error:
            return outcome_of(error, repeat_within=self.repeat_within)
        except Exception as error:  # the contract of channels: never raise
            return unforeseen(error, message)


def unforeseen(error: Exception, message: Outgoing) -> Outcome:
    """A mistake of ours; perhaps after sending, so it is not repeated by itself."""
    _log.error("sending by %s failed: %s", message.channel, type(error).__name__)
    return Outcome(UNKNOWN, said("reason.unsure"))


def outcome_of(error: PlatformError, *, repeat_within: int) -> Outcome:
    """A table in words: docs of each reaction are in ``bots.clients.reactions``.

    ``repeat_within``: seconds for which the platform shows the same message once; 0: never.
    """
    detail = said(f"reason.{error.reaction}", ip=error.address, number=error.errcode or 0)
    match error.reaction:
        case r if r == DONE:
            return Outcome(SENT)
        case r if r == UNREACHED:
            return Outcome(TRY_AGAIN, detail)
        case r if r in (UNSURE, RETRY):
            if not repeat_within:
                return Outcome(UNKNOWN, said("reason.unsure"))
            repeated = said("reason.shown_once") if r == UNSURE else detail
            return Outcome(TRY_AGAIN, repeated, _BUSY_SECONDS, repeat_within)
        case r if r in _PAUSE:
            return Outcome(TRY_AGAIN, detail, _PAUSE[r])
        case r if r == QUOTA:
            return Outcome(TRY_AGAIN, detail, error.retry_after or _PAUSE[TOKEN])
        case _:
            return Outcome(FAILED, detail)


def said(key: str, **params: object) -> str:
    """Why, for the deliveries page."""
    return coded(f"wechat.{key}", **params)


def refused(key: str, **params: object) -> Outcome:
    return Outcome(FAILED, said(f"outcome.{key}", **params))


def plain_text(message: Outgoing, most_bytes: int) -> str:
    """Title, text and address in lines; the text gives way where it is too long, the address stays whole."""
    title, text, url = parts_of(message)
    title, text = unlinked(title), unlinked(text)
    tail = f"\n{url}" if url else ""
    head = f"{title}\n" if title else ""
    return f"{head}{cut(text, most_bytes - len((head + tail).encode()))}{tail}".strip()


def parts_of(message: Outgoing) -> tuple[str, str, str]:
    """title, text, url; each "" when missing. No characters that cannot be shown or that turn
    the reading direction; an address too long to be one is dropped."""
    title, text, url = (
        xml.clean(clean(str(message.payload.get(name) or ""))).strip() for name in ("title", "text", "url")
    )
    return cut(title, _LONGEST_TITLE), text, url if len(url.encode()) <= _LONGEST_URL else ""


def fingerprint(message: Outgoing) -> str:
    """32 characters that stand for this message at a platform, and tell it nothing."""
    return hashlib.sha256(message.dedupe_key.encode()).hexdigest()[:32]
