"""Sending what the outbox holds: claim a message, send it outside any transaction, record what became of it.

A channel (``bots.channels``) is handed in by ``app``; this module only knows what it must be able to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

SENT = "sent"  # the platform took it
RETRY = "retry"  # certainly not delivered; worth another try
FAILED = "failed"  # certainly not delivered, and trying again cannot help
UNKNOWN = "unknown"  # perhaps delivered: never sent again by itself


@dataclass(frozen=True)
class Outgoing:
    """One claimed message. ``payload`` always has ``title`` and ``text`` (plain text, finished), perhaps ``url``."""

    id: int
    dedupe_key: str
    purpose: str
    channel: str
    recipient: str  # userid, openid, e-mail address or webhook name, in clear
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    state: str  # SENT | RETRY | FAILED | UNKNOWN
    detail: str = ""  # in our words, for the deliveries page; no personal data
    retry_after: int | None = None  # seconds, when the platform said so


class Channel(Protocol):
    """One way out. Never raises: whatever happens becomes an Outcome."""

    def deliver(self, message: Outgoing) -> Outcome: ...
