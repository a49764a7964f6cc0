"""A message to us and our answer, in our own words. wechatpy's types stop before this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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


@dataclass(frozen=True)
class Reply:
    """What we say at once. Empty text: nothing (the platform is told ``success``)."""

    text: str = ""


def cut(text: str, most_bytes: int) -> str:
    """The beginning of ``text`` that fits into ``most_bytes`` of UTF-8, ending at a whole character."""
    encoded = text.encode()
    if len(encoded) <= most_bytes:
        return text
    room = most_bytes - len("…".encode())
    return encoded[:room].decode(errors="ignore").rstrip() + "…" if room > 0 else ""
