"""A message to us and our answer, in our own words. wechatpy's types stop before this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feedback_app.domain.questions.text import clean


@dataclass(frozen=True)
class Inbound:
    """One callback of the official account."""

    key: str  # what makes a repeated push the same message: MsgId, or sender + time + event + key
    openid: str
    account: str  # ToUserName
    kind: str  # text | image | voice | video | location | link | event | other
    created_at: datetime
    text: str = ""  # what was typed, or what the platform recognised of a voice message
    event: str = ""  # subscribe | unsubscribe | SCAN | CLICK | VIEW | … as the platform spells it
    event_key: str = ""  # scene without the prefix "qrscene_", menu key or address
    menu_choice: str = ""  # bizmsgmenuid: which button of a msgmenu was tapped
    media_id: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)  # everything, as sent


LONGEST_REPLY = 2048
"""Bytes of UTF-8 that a passive reply may have."""


def cut(text: str, most_bytes: int) -> str:
    """The beginning of ``text`` that fits into ``most_bytes`` of UTF-8, ending with a sentence where one ends near."""
    encoded = text.encode()
    if len(encoded) <= most_bytes:
        return text
    room = most_bytes - len("…".encode())
    kept = encoded[: max(room, 0)].decode(errors="ignore").rstrip()
    end = max(kept.rfind(sign) for sign in "。！？\n!?") + 1
    return (kept[:end].rstrip() if end > len(kept) * 2 // 3 else kept) + "…" if kept else ""


@dataclass(frozen=True)
class Reply:
    """What we say at once. Empty text: nothing (the platform is told ``success``).

    ``options`` are the numbered lines at the end of ``text``, for a platform that can show them as buttons.
    """

    text: str = ""
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, options: tuple[str, ...] = ()) -> "Reply":
        """Cut to what the platform takes, without signs that XML or a phone cannot show."""
        lines = [text, *(f"{place} {option}" for place, option in enumerate(options, start=1))]
        joined = clean("\n".join(line for line in lines if line))
        return cls(cut(joined, LONGEST_REPLY), options)

    def topped(self, line: str) -> "Reply":
        """With ``line`` before it, still within what the platform takes."""
        return Reply(cut(clean(f"{line}\n\n{self.text}"), LONGEST_REPLY), self.options)
