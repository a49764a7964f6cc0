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
