"""A message to us and our answer, in our own words. wechatpy's types stop before this."""

import re
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


_TAG = re.compile(r"<(?=[A-Za-z/!@?])")


def unlinked(text: str) -> str:
    """Words stay words: WeChat and WeCom make links of ``<a href>`` and mentions of ``<@``, and people write what they like."""
    return _TAG.sub("＜", text)


LONGEST_REPLY = 2048
"""Bytes of UTF-8 that a passive reply may have."""
ROOM_FOR_NOTE = 100
"""Bytes kept free in a part for the line that tells how many follow."""


def cut(text: str, most_bytes: int) -> str:
    """The beginning of ``text`` that fits into ``most_bytes`` of UTF-8, ending with a sentence where one ends near."""
    encoded = text.encode()
    if len(encoded) <= most_bytes:
        return text
    room = most_bytes - len("…".encode())
    kept = encoded[: max(room, 0)].decode(errors="ignore").rstrip()
    end = max(kept.rfind(sign) for sign in "。！？\n!?") + 1
    return (kept[:end].rstrip() if end > len(kept) * 2 // 3 else kept) + "…" if kept else ""


def split(text: str, most_bytes: int) -> tuple[str, ...]:
    """``text`` in parts of at most ``most_bytes`` of UTF-8, cut between lines or sentences where one ends near. Nothing is
    lost but the blanks between the parts."""
    parts = []
    while len(text.encode()) > most_bytes:
        head = text.encode()[:most_bytes].decode(errors="ignore")
        end = max(head.rfind("\n"), *(head.rfind(sign) + 1 for sign in "。！？!?；;"))
        head = head[:end] if end > len(head) // 2 else head
        parts.append(head.rstrip())
        text = text[len(head) :].lstrip()
    return (*parts, text) if text else tuple(parts)


@dataclass(frozen=True)
class Reply:
    """What we say at once. Empty text: nothing (the platform is told ``success``).

    ``options`` are the numbered lines at the end of ``text``, for a platform that can show them as buttons. ``rest`` is what
    one reply has no room for: it follows as messages of its own.
    """

    text: str = ""
    options: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, options: tuple[str, ...] = ()) -> "Reply":
        """In parts that the platform takes, without signs that XML or a phone cannot show."""
        lines = [text, *(f"{place} {option}" for place, option in enumerate(options, start=1))]
        joined = unlinked(clean("\n".join(line for line in lines if line)))
        return cls(*_first_and_rest(joined, options))

    def topped(self, line: str) -> "Reply":
        """With ``line`` before it, still within what the platform takes."""
        whole = "\n".join((self.text, *self.rest))
        return Reply(*_first_and_rest(unlinked(clean(f"{line}\n\n{whole}")), self.options))


def _first_and_rest(text: str, options: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    if len(text.encode()) <= LONGEST_REPLY:
        return text, options, ()
    first, *rest = split(text, LONGEST_REPLY - ROOM_FOR_NOTE)
    return first, options, tuple(rest)
