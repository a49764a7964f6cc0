"""From the platform's fields to our own Inbound."""

import re
from datetime import UTC, datetime

from bots.messages import Inbound
from bots.wechat.xml import Element
from feedback_app.errors import Refused

SCENE_PREFIX = "qrscene_"
NOT_A_SCENE = "last_trade_no_"  # follows a purchase through WeChat Pay
_LATEST = 253_402_300_799  # 9999-12-31 in seconds
_KINDS = {name: name for name in ("text", "image", "voice", "video", "location", "link", "event")} | {
    "shortvideo": "video"
}
_EVENTS = {
    name.lower(): name
    for name in ("subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", "LOCATION", "TEMPLATESENDJOBFINISH")
}
_LISTS = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")
# Direction marks, zero-width characters, soft hyphen, control characters. U+200D stays inside emoji, which it joins.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"
)


def inbound(fields: Element) -> Inbound:
    """Raises Refused ``wechat.bad_body`` when a field that every callback has is missing, repeated or no such thing."""
    openid, account = _required(fields, "FromUserName"), _required(fields, "ToUserName")
    kind = _KINDS.get(_required(fields, "MsgType").lower(), "other")
    event = _event(fields) if kind == "event" else ""
    return Inbound(
        key=_key(fields, account, openid, event),
        openid=openid,
        account=account,
        kind=kind,
        created_at=_created_at(fields),
        text=visible(_optional(fields, "Content") or _optional(fields, "Recognition")) if not event else "",
        event=event,
        event_key=_event_key(fields, event) if event else "",
        menu_choice=_optional(fields, "bizmsgmenuid"),
        media_id=_optional(fields, "MediaId"),
        fields=fields,
    )


def visible(text: str) -> str:
    """``text`` without what cannot be seen, so that "张伟" written with a zero-width space is found."""
    return _INVISIBLE.sub("", text).strip()


def _required(fields: Element, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 128:
        raise Refused("wechat.bad_body")
    return value


def _optional(fields: Element, name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise Refused("wechat.bad_body")
    return value


def _event(fields: Element) -> str:
    """Its name as the platform's documents spell it."""
    for name in _LISTS:
        _as_list(fields.get(name))
    spelled = _optional(fields, "Event")
    return _EVENTS.get(spelled.lower(), spelled)


def _as_list(event: object) -> None:
    """One ``List`` reads as a dict, several as a list: make both a list."""
    if isinstance(event, dict) and "List" in event and not isinstance(event["List"], list):
        event["List"] = [event["List"]]


def _created_at(fields: Element) -> datetime:
    seconds = _required(fields, "CreateTime")
    if not (seconds.isascii() and seconds.isdigit()) or len(seconds) > 12 or int(seconds) > _LATEST:
        raise Refused("wechat.bad_body")
    return datetime.fromtimestamp(int(seconds), UTC)


def _event_key(fields: Element, event: str) -> str:
    key = _optional(fields, "EventKey")
    if event == "subscribe":
        return "" if key.startswith(NOT_A_SCENE) else key.removeprefix(SCENE_PREFIX)
    return key


def _key(fields: Element, account: str, openid: str, event: str) -> str:
    """MsgId where there is one; else sender, second, event and what distinguishes events of one second."""
    message_id = _optional(fields, "MsgId")
    if message_id.strip("0"):
        return f"{account} {message_id}"
    told = _optional(fields, "EventKey") or _optional(fields, "MsgID")
    return f"{account} {openid} {_required(fields, 'CreateTime')} {event} {told}"
