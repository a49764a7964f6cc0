"""WeCom's HTTP interface (qyapi.weixin.qq.com): the app's messages to members, and group webhooks."""

import base64
import binascii
import hashlib
from datetime import timedelta

from flask import Blueprint, request

from bots.sandbox.gate import Answer, ApiError, api, body
from bots.sandbox.state import THEIRS, Platform

blueprint = Blueprint("wecom_api", __name__)
DONE: Answer = {"errcode": 0, "errmsg": "ok"}
APP_KINDS = {"text", "markdown", "textcard", "news", "template_card", "image"}
WEBHOOK_KINDS = {"text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card"}
WEBHOOK_BYTES = {"text": 2_048, "markdown": 4_096, "markdown_v2": 4_096}
MOST_BYTES = 2_048
MOST_RECIPIENTS = 1_000
LARGEST_IMAGE = 2 * 1024 * 1024


@api(blueprint, "/cgi-bin/gettoken", methods=("GET",), needs="")
def token(platform: Platform) -> Answer:
    wecom = platform.settings.wecom
    if platform.ip_refused:
        raise ApiError(60020, "not allow to access from your ip, from ip: 127.0.0.1")
    if request.args.get("corpid") != wecom.corp_id:
        raise ApiError(40013, "invalid corpid")
    if request.args.get("corpsecret") != wecom.secret.get_secret_value():
        raise ApiError(40001, "invalid credential")
    value, seconds = platform.corp.fetch(platform.now())
    return {**DONE, "access_token": value, "expires_in": seconds}


@api(blueprint, "/cgi-bin/message/send", needs="wecom")
def app_send(platform: Platform) -> Answer:
    message = body()
    if message.get("agentid") != platform.settings.wecom.agent_id:
        raise ApiError(40056, "invalid agentid")
    kind, text = _content(message, APP_KINDS)
    text = text.encode()[:MOST_BYTES].decode("utf-8", "ignore")  # the platform cuts, it does not refuse
    userids, invalid = _recipients(platform, str(message.get("touser", "")))
    if not userids:
        raise ApiError(81013, "user & party & tag all invalid")
    if not _is_repeated(platform, message):
        for userid in userids:
            _to_member(platform, userid, kind, text, message[kind])
    return {**DONE, "invaliduser": "|".join(invalid), "msgid": f"m{platform.next_msg_id()}"}


def _recipients(platform: Platform, touser: str) -> tuple[list[str], list[str]]:
    """Known members as they spell themselves, and unknown userids in lower case."""
    if touser == "@all":
        platform.ask_directory()
        return [member.userid for member in platform.members.values()], []
    wanted = list(dict.fromkeys(one.lower() for one in touser.split("|") if one))
    if len(wanted) > MOST_RECIPIENTS:
        raise ApiError(40058, f"touser: more than {MOST_RECIPIENTS}")
    found = {one: platform.member(one) for one in wanted}
    return [one.userid for one in found.values() if one], [userid for userid, one in found.items() if not one]


def _to_member(platform: Platform, userid: str, kind: str, text: str, content: Answer) -> None:
    """Deliver, or drop without a word above 30 a minute or 1,000 an hour."""
    now = platform.now()
    if not all(rate.fits(userid, now) for rate in platform.member_rates):
        platform.dropped["wecom_rate"] += 1
        return
    for rate in platform.member_rates:
        rate.count(userid, now)
    platform.put(("userid", userid), THEIRS, "wecom", kind, text, content)


def _is_repeated(platform: Platform, message: Answer) -> bool:
    """The duplicate check, over the whole request as it was sent."""
    if message.get("enable_duplicate_check") != 1:
        return False
    raw, now = request.get_data(), platform.now()
    interval = timedelta(seconds=min(int(message.get("duplicate_check_interval", 1_800)), 14_400))
    before = platform.repeated.get(raw)
    platform.remember(platform.repeated, raw, before if before and now - before < interval else now)
    if before and now - before < interval:
        platform.dropped["wecom_duplicate"] += 1
        return True
    return False


@api(blueprint, "/cgi-bin/webhook/send", needs="")
def webhook_send(platform: Platform) -> Answer:
    group = platform.webhooks().get(request.args.get("key", ""))
    if group is None:
        raise ApiError(93000, "invalid webhook url")
    message = body()
    kind, text = _content(message, WEBHOOK_KINDS)
    if len(text.encode()) > WEBHOOK_BYTES.get(kind, 2**31):
        raise ApiError(45002, f"{kind} exceeds {WEBHOOK_BYTES[kind]} bytes")
    if kind == "image":
        _check_image(message[kind])
    if kind == "news" and not 1 <= len(message[kind].get("articles") or []) <= 8:
        raise ApiError(45008, "articles: 1 to 8")
    if not platform.webhook_rate.fits(group, platform.now()):
        raise ApiError(45009, "api freq out of limit")
    platform.webhook_rate.count(group, platform.now())
    platform.put(("webhook", group), THEIRS, "webhook", kind, text, message[kind])
    return DONE


def _check_image(image: Answer) -> None:
    try:
        raw = base64.b64decode(str(image.get("base64", "")), validate=True)
    except binascii.Error as error:
        raise ApiError(40009, "invalid image") from error
    if not raw or len(raw) > LARGEST_IMAGE:
        raise ApiError(40009, "invalid image size")
    if hashlib.md5(raw, usedforsecurity=False).hexdigest() != image.get("md5"):
        raise ApiError(301019, "image md5 not match")


def _content(message: Answer, allowed: set[str]) -> tuple[str, str]:
    """msgtype and the words a person reads. Raises ApiError 40008 or 44004."""
    kind = str(message.get("msgtype", ""))
    content = message.get(kind)
    if kind not in allowed or not isinstance(content, dict):
        raise ApiError(40008, "invalid message type")
    if kind in {"text", "markdown", "markdown_v2"}:
        text = str(content.get("content", ""))
    elif kind == "textcard":
        _check_card(content)
        text = f"{content['title']}\n{content['description']}"
    elif kind == "news":
        text = "\n".join(str(one.get("title", "")) for one in content.get("articles") or [])
    elif kind == "template_card":
        title = content.get("main_title") or {}
        text = "\n".join(str(title[part]) for part in ("title", "desc") if title.get(part)) or "[template_card]"
    else:
        text = f"[{kind}]"
    if not text.strip():
        raise ApiError(44004, "empty content")
    return kind, text


def _check_card(card: Answer) -> None:
    for name, most in (("title", 128), ("description", 512)):
        words = str(card.get(name, ""))
        if not words:
            raise ApiError(41008, f"missing {name}")
        if len(words.encode()) > most:
            raise ApiError(45002, f"textcard.{name} exceeds {most} bytes")
    if not str(card.get("url", "")).startswith(("http://", "https://")):
        raise ApiError(40058, "textcard.url invalid")
