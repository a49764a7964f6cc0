"""What the platform would send, made by WeRoBot's code (independent of ours and of wechatpy), and our answers opened."""

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from werobot.crypto import MessageCrypt
from werobot.utils import get_signature

TOKEN = "token-for-tests"
APP_ID = "wx0123456789abcdef"
AES_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
MODES = ("plain", "compatible", "secure")


def wechat(mode: str, **changes: Any) -> dict[str, Any]:
    """The section of the configuration."""
    return {
        "enabled": True,
        "app_id": APP_ID,
        "app_secret": "the-app-secret",
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "mode": mode,
        **changes,
    }


@dataclass(frozen=True)
class Push:
    query: dict[str, str]
    body: bytes


def push(mode: str, message: str | bytes, *, timestamp: int, nonce: str = "486452656") -> Push:
    """One callback in a mode: plain fields, both, or the cipher alone."""
    seconds = str(timestamp)
    plain = message.decode() if isinstance(message, bytes) else message
    query = {"signature": get_signature(TOKEN, seconds, nonce), "timestamp": seconds, "nonce": nonce}
    if mode == "plain":
        return Push(query, plain.encode())
    envelope = MessageCrypt(TOKEN, AES_KEY, APP_ID).encrypt_message(plain, seconds, nonce)
    parts = {one.tag: one.text or "" for one in ElementTree.fromstring(envelope)}
    sealed = f"<Encrypt><![CDATA[{parts['Encrypt']}]]></Encrypt>"
    inside = plain.rpartition("</xml>")[0].partition("<xml>")[2] if mode == "compatible" else ""
    query |= {"encrypt_type": "aes", "msg_signature": parts["MsgSignature"]}
    return Push(query, f"<xml>{inside or '<ToUserName><![CDATA[gh]]></ToUserName>'}{sealed}</xml>".encode())


def opened(mode: str, body: bytes) -> dict[str, str]:
    """The fields of our answer as the platform reads them; in clear or decrypted by WeRoBot."""
    found = {one.tag: one.text or "" for one in ElementTree.fromstring(body)}
    if mode == "plain":
        return found
    plain = MessageCrypt(TOKEN, AES_KEY, APP_ID).decrypt_message(
        found["TimeStamp"], found["Nonce"], found["MsgSignature"], found["Encrypt"]
    )
    return {one.tag: one.text or "" for one in ElementTree.fromstring(plain)}


def text(content: str, *, message_id: int = 24_800_000_000_000_001, openid: str = "oPatient") -> str:
    return (
        f"<xml><ToUserName><![CDATA[gh_hospital]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>1767225610</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{message_id}</MsgId></xml>"
    )
