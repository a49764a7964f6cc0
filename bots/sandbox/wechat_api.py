"""The official account's HTTP interface (api.weixin.qq.com), as far as a product like ours uses it."""

import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, request

from bots.sandbox import fields
from bots.sandbox.gate import Answer, ApiError, api, body, phone
from bots.sandbox.state import MEDIA_LIFE, THEIRS, Media, Patient, Platform

blueprint = Blueprint("wechat_api", __name__)
DONE: Answer = {"errcode": 0, "errmsg": "ok"}
MOST_BYTES = 2_048
MEMORY_OF_IDS = timedelta(seconds=600)
TICKET_LIFE = timedelta(seconds=7200)
TEMPORARY_CODE_SECONDS = 2_592_000
PERMANENT_CODES = 100_000


def _check_secret(platform: Platform, app_id: str, secret: str) -> None:
    if platform.ip_refused:
        raise ApiError(40164, "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist")
    if app_id != platform.settings.wechat.app_id:
        raise ApiError(40013)
    if platform.secret_frozen:
        raise ApiError(40243, "AppSecret has been frozen")
    if secret != platform.settings.wechat.app_secret.get_secret_value():
        raise ApiError(40125)


@api(blueprint, "/cgi-bin/token", methods=("GET",), needs="")
def classic_token(platform: Platform) -> Answer:
    if request.args.get("grant_type") != "client_credential":
        raise ApiError(40002, "invalid grant_type")
    _check_secret(platform, request.args.get("appid", ""), request.args.get("secret", ""))
    token, seconds = platform.classic.fetch(platform.now())
    return {"access_token": token, "expires_in": seconds}


@api(blueprint, "/cgi-bin/stable_token", needs="")
def stable_token(platform: Platform) -> Answer:
    wanted = body()
    if wanted.get("grant_type") != "client_credential":
        raise ApiError(40002, "invalid grant_type")
    _check_secret(platform, str(wanted.get("appid", "")), str(wanted.get("secret", "")))
    token, seconds = platform.stable.fetch(platform.now(), force=bool(wanted.get("force_refresh")))
    return {"access_token": token, "expires_in": seconds}


@api(blueprint, "/cgi-bin/clear_quota")
def clear_quota(platform: Platform) -> Answer:
    if not platform.quotas.clear(platform.now()):
        raise ApiError(48006, "forbid to clear quota because of reaching the limit")
    return DONE


@api(blueprint, "/cgi-bin/message/custom/send")
def custom_send(platform: Platform) -> Answer:
    message = body()
    person = _known(platform, message)
    kind = str(message.get("msgtype", ""))
    text, content = _custom_content(kind, message)
    now = platform.now()
    if not person.following or not person.window.is_open(now):
        raise ApiError(45015, "response out of time limit or subscription is canceled")
    if person.window.left < 1:
        raise ApiError(45047, "out of response count limit")
    person.window.left -= 1
    platform.put(("openid", person.openid), THEIRS, "custom", kind, text, content)
    return DONE


def _custom_content(kind: str, message: Answer) -> tuple[str, Answer]:
    content = message.get(kind)
    if not kind or not isinstance(content, dict):
        raise ApiError(40008, "invalid message type")
    if kind == "text":
        text = str(content.get("content", ""))
        if not text:
            raise ApiError(44004, "empty content")
        _check_length(text)
        return text, {}
    if kind == "news":
        articles = content.get("articles") or []
        if len(articles) != 1:
            raise ApiError(45008, "article size out of limit")
        return str(articles[0].get("title", "")), {"articles": articles}
    if kind == "msgmenu":
        words = [content.get("head_content", ""), content.get("tail_content", "")]
        _check_length("".join(words) + "".join(str(line.get("content", "")) for line in content.get("list", [])))
        return "\n".join(word for word in words if word), content
    if kind in {"image", "voice", "video", "mpnews", "miniprogrampage", "music"}:
        return f"[{kind}]", content
    raise ApiError(40008, "invalid message type")


def _check_length(text: str) -> None:
    if len(text.encode()) > MOST_BYTES:
        raise ApiError(45002, "content size out of limit")


@api(blueprint, "/cgi-bin/message/template/send")
def template_send(platform: Platform) -> Answer:
    message = body()
    person = _known(platform, message)
    _check_template(platform, message)
    if not person.following:
        raise ApiError(43004, "require subscribe")
    own_id = str(message.get("client_msg_id", ""))
    now = platform.now()
    if own_id:
        before = platform.sent_ids.get((person.openid, own_id))
        if before and now - before[0] < MEMORY_OF_IDS:
            return {**DONE, "msgid": before[1]}
    msg_id = platform.next_msg_id()
    if own_id:
        platform.remember(platform.sent_ids, (person.openid, own_id), (now, msg_id))
    _deliver_template(platform, person, message, finish_id=0 if own_id else msg_id)
    return {**DONE, "msgid": msg_id}


def _check_template(platform: Platform, message: Answer) -> None:
    template = str(message.get("template_id", ""))
    known = {platform.settings.wechat.result_template, *platform.templates} - {""}
    if template not in known:
        raise ApiError(40037, "invalid template_id")
    data = message.get("data")
    if not isinstance(data, dict) or not data:
        raise ApiError(47003, "argument invalid! data is empty")
    wanted = platform.templates.get(template) or dict.fromkeys(data, "")
    for name in wanted:
        value = data.get(name, {}).get("value") if isinstance(data.get(name), dict) else None
        if not isinstance(value, str) or not fields.fits(wanted[name] or name, value):
            raise ApiError(47003, f"argument invalid! data.{name}.value invalid")


def _deliver_template(platform: Platform, person: Patient, message: Answer, *, finish_id: int) -> None:
    if person.template_outcome == "success":
        lines = [f"{name}: {field['value']}" for name, field in message["data"].items()]
        kept = {name: message.get(name) for name in ("template_id", "url", "miniprogram", "data", "client_msg_id")}
        platform.put(("openid", person.openid), THEIRS, "template", "template", "\n".join(lines), kept)
    finish = {"MsgID": finish_id, "Status": person.template_outcome}
    phone().event_later(person.openid, "TEMPLATESENDJOBFINISH", finish)


@api(blueprint, "/cgi-bin/message/subscribe/bizsend")
def notice_send(platform: Platform) -> Answer:
    message = body()
    person = _known(platform, message)
    template = str(message.get("template_id", ""))
    if person.consents[template] < 1:
        raise ApiError(43101, "user refuse to accept the msg")
    person.consents[template] -= 1
    data = message.get("data") or {}
    text = "\n".join(f"{name}: {field.get('value', '')}" for name, field in data.items())
    platform.put(("openid", person.openid), THEIRS, "notice", "template", text, message)
    one = {"TemplateId": template, "MsgID": str(platform.next_msg_id()), "ErrorCode": 0, "ErrorStatus": "success"}
    phone().event_later(person.openid, "subscribe_msg_sent_event", {"SubscribeMsgSentEvent": {"List": one}})
    return DONE


def _known(platform: Platform, message: Answer) -> Patient:
    person = platform.patients.get(str(message.get("touser", "")))
    if person is None:
        raise ApiError(40003)
    return person


@api(blueprint, "/cgi-bin/qrcode/create")
def qrcode_create(platform: Platform) -> Answer:
    wanted = body()
    action = str(wanted.get("action_name", ""))
    scene = (wanted.get("action_info") or {}).get("scene") or {}
    name = str(scene.get("scene_str" if "STR" in action else "scene_id", ""))
    if action not in {"QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"}:
        raise ApiError(40053, "invalid action info")
    if not 1 <= len(name) <= 64 or (action == "QR_LIMIT_SCENE" and not 1 <= int(name) <= PERMANENT_CODES):
        raise ApiError(40053, "invalid action info")
    if "LIMIT" in action:
        if sum(one.until is None for one in platform.scenes.values()) >= PERMANENT_CODES:
            raise ApiError(40053, "invalid action info")
        made = platform.scene_for(name)
        return {"ticket": made.ticket, "url": made.address}
    seconds = min(int(wanted.get("expire_seconds", 30)), TEMPORARY_CODE_SECONDS)
    made = platform.scene_for(name, platform.now() + timedelta(seconds=seconds))
    return {"ticket": made.ticket, "expire_seconds": seconds, "url": made.address}


@api(blueprint, "/cgi-bin/user/info", methods=("GET",))
def user_info(platform: Platform) -> Answer:
    person = platform.patients.get(request.args.get("openid", ""))
    if person is None:
        raise ApiError(40003)
    if not person.following:
        return {"subscribe": 0, "openid": person.openid}
    since = int(person.followed_at.timestamp()) if person.followed_at else 0
    return {
        "subscribe": 1,
        "openid": person.openid,
        "subscribe_time": since,
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 0,
        "qr_scene_str": "",
    }


@api(blueprint, "/cgi-bin/menu/create")
def menu_create(platform: Platform) -> Answer:
    menu = body()
    buttons = menu.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise ApiError(40017, "invalid button size")
    for button in buttons:
        lines = button.get("sub_button") or []
        if len(lines) > 5:
            raise ApiError(40023, "invalid sub button size")
        _check_button(button, most=16, has_lines=bool(lines))
        for line in lines:
            _check_button(line, most=60, has_lines=False)
    platform.menu = menu
    return DONE


def _check_button(button: Answer, *, most: int, has_lines: bool) -> None:
    name = str(button.get("name", ""))
    if not name or len(name.encode()) > most:
        raise ApiError(40018, "invalid button name size")
    if has_lines:
        return
    kind = button.get("type")
    if kind == "view" and not str(button.get("url", "")).startswith(("http://", "https://")):
        raise ApiError(40055, "invalid button url domain")
    if kind == "click" and not 1 <= len(str(button.get("key", "")).encode()) <= 128:
        raise ApiError(40019, "invalid button key size")
    if kind not in {"view", "click", "miniprogram", "media_id", "article_id", "scancode_push", "scancode_waitmsg"}:
        raise ApiError(40016, "invalid button type")


@api(blueprint, "/cgi-bin/menu/get", methods=("GET",))
def menu_get(platform: Platform) -> Answer:
    if platform.menu is None:
        raise ApiError(46003, "menu no exist")
    return {"menu": platform.menu}


@api(blueprint, "/cgi-bin/menu/delete", methods=("GET",))
def menu_delete(platform: Platform) -> Answer:
    platform.menu = None
    return DONE


@api(blueprint, "/cgi-bin/ticket/getticket", methods=("GET",))
def jsapi_ticket(platform: Platform) -> Answer:
    now = platform.now()
    if platform.jsapi_ticket is None or now >= platform.jsapi_ticket[1]:
        platform.jsapi_ticket = (secrets.token_urlsafe(64), now + TICKET_LIFE)
    ticket, until = platform.jsapi_ticket
    return {**DONE, "ticket": ticket, "expires_in": int((until - now).total_seconds())}


@api(blueprint, "/cgi-bin/media/get", methods=("GET",))
def media_get(platform: Platform) -> Answer:
    found = platform.media.get(request.args.get("media_id", ""))
    if found is None or platform.now() >= found.until:
        raise ApiError(40007, "invalid media_id")
    return {"file": found.content}


@api(blueprint, "/cgi-bin/media/upload")
def media_upload(platform: Platform) -> Answer:
    given = request.files.get("media")
    content = given.read() if given else b""
    if not content:
        raise ApiError(44001, "empty media data")
    kind = request.args.get("type", "image")
    media = f"{kind}_{platform.next_msg_id()}"
    platform.remember(platform.media, media, Media(kind, content, platform.now() + MEDIA_LIFE))
    answer: dict[str, Any] = {"type": kind, "media_id": media, "created_at": int(platform.now().timestamp())}
    return answer
