"""Who is at the phone: authorisation pages (open.weixin.qq.com) and the exchange of their single-use codes.

The phone's person is the cookie the phone page sets, else the one chosen last through the control API.
"""

import re
import secrets
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bots.sandbox.gate import Answer, ApiError, api, phone
from bots.sandbox.state import Grant, Platform

blueprint = Blueprint("oauth", __name__)
CODE_LIFE = timedelta(seconds=300)
PATIENT_COOKIE = "sandbox_openid"
MEMBER_COOKIE = "sandbox_userid"
_STATE = re.compile(r"[A-Za-z0-9]{0,128}")


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> AnyResponse:
    """Back to ``redirect_uri`` with ``code`` and ``state``; a wrong request gets the platform's error page."""
    platform = phone().platform
    problem = _problem(platform)
    if problem:
        return Response(f"<!doctype html><meta charset=utf-8><title>微信</title><h1>{problem}</h1>", 400)
    in_wecom = request.args["appid"] == platform.settings.wecom.corp_id
    code = _member_code(platform) if in_wecom else _patient_code(platform)
    if not code:
        return Response("<!doctype html><meta charset=utf-8><title>微信</title><h1>手机上还没有登录的人</h1>", 400)
    parts = urlsplit(request.args["redirect_uri"])
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("code", code), ("state", request.args.get("state", ""))]
    return redirect(urlunsplit(parts._replace(query=urlencode(query))))


def _problem(platform: Platform) -> str:
    known = {platform.settings.wechat.app_id, platform.settings.wecom.corp_id} - {""}
    if request.args.get("appid") not in known:
        return "AppID 参数错误"
    target = urlsplit(request.args.get("redirect_uri", ""))
    ours = urlsplit(platform.settings.server.base_url)
    if target.scheme not in {"http", "https"} or target.hostname != ours.hostname:
        return "redirect_uri 参数错误"
    if request.args.get("response_type") != "code":
        return "response_type 参数错误"
    if request.args.get("scope") not in {"snsapi_base", "snsapi_userinfo", "snsapi_privateinfo"}:
        return "Scope 参数错误或没有 Scope 权限"
    if not _STATE.fullmatch(request.args.get("state", "")):
        return "state 参数错误"
    return ""


def _patient_code(platform: Platform) -> str:
    with platform.lock:
        openid = request.cookies.get(PATIENT_COOKIE, "")
        person = platform.patients.get(openid) or platform.patients.get(platform.phone_openid)
        if person is None:
            return ""
        code = "0" + secrets.token_hex(15)
        grant = Grant(person.openid, platform.now() + CODE_LIFE, snapshot=person.snapshot)
        platform.remember(platform.wechat_grants, code, grant)
        return code


def _member_code(platform: Platform) -> str:
    with platform.lock:
        member = platform.member(request.cookies.get(MEMBER_COOKIE, "") or platform.phone_userid)
        if member is None:
            return ""
        code = secrets.token_urlsafe(24)
        platform.remember(platform.wecom_grants, code, Grant(member.userid, platform.now() + CODE_LIFE))
        return code


@api(blueprint, "/sns/oauth2/access_token", methods=("GET",), needs="")
def exchange(platform: Platform) -> Answer:
    if request.args.get("appid") != platform.settings.wechat.app_id:
        raise ApiError(40013)
    if request.args.get("secret") != platform.settings.wechat.app_secret.get_secret_value():
        raise ApiError(40125)
    grant = _redeemed(platform, platform.wechat_grants, request.args.get("code", ""))
    answer: Answer = {
        "access_token": secrets.token_hex(40),
        "expires_in": 7200,
        "refresh_token": secrets.token_hex(40),
        "openid": grant.who,
        "scope": "snsapi_base",
    }
    if grant.snapshot:
        answer |= {"openid": "oSnapshot" + secrets.token_hex(9), "is_snapshotuser": 1}
    return answer


def _redeemed(platform: Platform, grants: dict[str, Grant], code: str) -> Grant:
    grant = grants.get(code)
    if grant is None:
        raise ApiError(40029, "invalid code")
    if grant.used:
        raise ApiError(40163, "code been used")
    if platform.now() >= grant.until:
        raise ApiError(42003, "code expired")
    grant.used = True
    return grant


@api(blueprint, "/cgi-bin/auth/getuserinfo", methods=("GET",), needs="wecom")
def member(platform: Platform) -> Answer:
    grant = _member_grant(platform)
    return {"errcode": 0, "errmsg": "ok", "userid": grant.who}


@api(blueprint, "/cgi-bin/user/getuserinfo", methods=("GET",), needs="wecom")
def member_in_the_older_spelling(platform: Platform) -> Answer:
    grant = _member_grant(platform)
    return {"errcode": 0, "errmsg": "ok", "UserId": grant.who, "DeviceId": ""}


def _member_grant(platform: Platform) -> Grant:
    """WeCom says 40029 for a used, an expired and a made-up code alike."""
    try:
        return _redeemed(platform, platform.wecom_grants, request.args.get("code", ""))
    except ApiError as error:
        raise ApiError(40029, "invalid code") from error
