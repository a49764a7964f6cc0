"""What WeChat makes of the account's answer to a callback: shown, nothing, or its own failure text."""

from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from bots.sandbox import wire
from bots.sandbox.state import ACCOUNT, FAILURE_TEXT
from bots.sandbox.wire import Envelope, WireError

MOST_BYTES = 2_048
KINDS = {"text", "image", "voice", "video", "music", "news", "transfer_customer_service"}


@dataclass(frozen=True)
class Verdict:
    """``kind``: nothing | failure | a reply's MsgType. ``text`` is what the person sees."""

    kind: str
    text: str = ""
    why: str = ""  # for a failure: what was wrong
    content: dict[str, Any] = field(default_factory=dict)


NOTHING = Verdict("nothing")


def failure(why: str) -> Verdict:
    return Verdict("failure", FAILURE_TEXT, why)


@dataclass(frozen=True)
class Judge:
    """Strict where the platform is; ``envelope`` is None in plain mode."""

    token: str
    envelope: Envelope | None
    encrypted_only: bool  # secure mode

    def of(self, status: int, body: bytes, openid: str, *, is_event: bool) -> Verdict:
        """The verdict on one answer to a push for ``openid``."""
        if status != 200:
            return failure(f"HTTP status {status}")
        if body in {b"", b"success"}:
            return NOTHING  # in clear also in secure mode
        try:
            root = self._opened(wire.from_xml(body.decode()))
            return _reply(root, openid, is_event=is_event)
        except UnicodeDecodeError:
            return failure("not UTF-8")
        except WireError as error:
            return failure(str(error))

    def _opened(self, root: ElementTree.Element) -> ElementTree.Element:
        sealed = wire.value(root, "Encrypt")
        if not sealed:
            if self.encrypted_only:
                raise WireError("a plain reply in secure mode")
            return root
        if self.envelope is None:
            raise WireError("an encrypted reply in plain mode")
        stamp, nonce = wire.value(root, "TimeStamp"), wire.value(root, "Nonce")
        if not (stamp.isdigit() and len(stamp) == 10):
            raise WireError("TimeStamp is not in seconds")
        if wire.value(root, "MsgSignature") != wire.signature(self.token, stamp, nonce, sealed):
            raise WireError("wrong MsgSignature")
        return wire.from_xml(self.envelope.open(sealed))


def _reply(root: ElementTree.Element, openid: str, *, is_event: bool) -> Verdict:
    if wire.value(root, "ToUserName") != openid or wire.value(root, "FromUserName") != ACCOUNT:
        raise WireError("ToUserName and FromUserName are not swapped")
    if not wire.value(root, "CreateTime").isdigit():
        raise WireError("CreateTime is not a number")
    kind = wire.value(root, "MsgType")
    if kind not in KINDS:
        raise WireError(f"unknown MsgType {kind!r}")
    if kind == "text":
        return _text(wire.value(root, "Content"))
    if kind == "news":
        return _news(root, most=8 if is_event else 1)
    if kind in {"image", "voice", "video"} and not root.findtext(f"{kind.capitalize()}/MediaId"):
        raise WireError(f"{kind} without MediaId")
    if kind == "transfer_customer_service":
        return NOTHING
    return Verdict(kind, f"[{kind}]")


def _text(content: str) -> Verdict:
    if not content.strip():
        raise WireError("empty Content")
    if len(content.encode()) > MOST_BYTES:
        raise WireError(f"Content has {len(content.encode())} bytes, more than {MOST_BYTES}")
    return Verdict("text", content)


def _news(root: ElementTree.Element, *, most: int) -> Verdict:
    articles = [
        {name.lower(): item.findtext(name) or "" for name in ("Title", "Description", "PicUrl", "Url")}
        for item in root.findall("Articles/item")
    ]
    if not articles:
        raise WireError("news without articles")
    shown = articles[:most]  # the platform drops the rest without a word
    return Verdict("news", "\n".join(article["title"] for article in shown), content={"articles": shown})
