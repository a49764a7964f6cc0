"""What every API call passes on its way in and out: counting, faults, quota, token, errors."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, request

from bots.sandbox.actions import Phone
from bots.sandbox.faults import Fault
from bots.sandbox.state import Platform
from bots.sandbox.tokens import TOKEN_CALLS, TokenBook

Answer = dict[str, Any]
_REFUSALS = {"busy": -1, "quota": 45009}
Handler = Callable[[Platform], Answer]
Register = Callable[[Handler], Handler]
NAMES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40125: "invalid appsecret",
    42001: "access_token expired",
    41001: "access_token missing",
    45009: "reach max api daily quota limit",
    47001: "data format error",
}


class ApiError(Exception):
    """An errcode of the platform."""

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        super().__init__(errcode, errmsg)
        self.answer = {"errcode": errcode, "errmsg": f"{errmsg or NAMES.get(errcode, 'error')} rid: sandbox"}


def phone() -> Phone:
    """The one of this application."""
    return cast(Phone, current_app.extensions["sandbox"])


def body() -> Answer:
    """The JSON object of the call. Raises ApiError 47001."""
    try:
        value = json.loads(request.get_data())
    except ValueError as error:
        raise ApiError(47001) from error
    if not isinstance(value, dict):
        raise ApiError(47001)
    return value


def api(blueprint: Blueprint, path: str, *, methods: tuple[str, ...] = ("POST",), needs: str = "wechat") -> Register:
    """Register the handler of an API path. ``needs``: whose access token, or "" for none."""

    def register(handler: Handler) -> Handler:
        def view() -> Response:
            return _passed(path, handler, needs)

        blueprint.add_url_rule(
            path, f"{blueprint.name}{path}".replace("/", "_").replace(".", "_"), view, methods=methods
        )
        return handler

    return register


def need_token(platform: Platform, owner: str) -> None:
    """Raises ApiError 41001, 40001 / 40014, 42001."""
    given = request.args.get("access_token", "")
    if not given:
        raise ApiError(41001)
    books: tuple[TokenBook, ...] = (platform.corp,) if owner == "wecom" else (platform.classic, platform.stable)
    states = {book.state(given, platform.now()) for book in books}
    if "valid" in states:
        return
    if "expired" in states:
        raise ApiError(42001)
    raise ApiError(40014 if owner == "wecom" else 40001)


def _passed(path: str, handler: Handler, needs: str) -> Response:
    platform = phone().platform
    with platform.lock:
        platform.calls[path] += 1
        if path in TOKEN_CALLS:
            platform.token_calls[path].append(time.monotonic())
        fault = platform.faults.next(path)
    if fault and fault.kind == "bad_gateway":
        return Response("<html><h1>502 Bad Gateway</h1></html>", 502, content_type="text/html")
    if fault and fault.kind in _REFUSALS:
        return jsonify(ApiError(_REFUSALS[fault.kind]).answer)
    if fault and fault.kind == "cut":
        return _broken_off()
    if fault and fault.kind == "token_invalidated":
        platform.another_system_renews("wecom" if needs == "wecom" else "wechat")
    return _distorted(_answer(platform, path, handler, needs), fault)


def _answer(platform: Platform, path: str, handler: Handler, needs: str) -> Answer:
    try:
        with platform.lock:
            if not platform.quotas.take(path, platform.now()):
                raise ApiError(45009)
            if needs:
                need_token(platform, needs)
            return handler(platform)
    except ApiError as error:
        return error.answer
    except (ValueError, TypeError, AttributeError, KeyError):
        return ApiError(47001).answer  # a value of the wrong shape somewhere inside


def _broken_off() -> Response:
    """No answer: whoever asked sees the connection end."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response("")


def _distorted(answer: Answer, fault: Fault | None) -> Response:
    """The answer with the fault done to it; waits outside the lock."""
    kind = fault.kind if fault else ""
    if fault and kind in {"slow", "timeout_done"}:
        time.sleep(fault.seconds)
    if kind == "timeout_done":
        return Response("", 504)
    if kind == "cut_done":
        return _broken_off()
    if kind == "busy_done":
        answer = ApiError(-1).answer
    if kind == "text_errcode":
        answer = {**answer, "errcode": str(answer.get("errcode", 0))}
    if kind == "no_errcode" and not answer.get("errcode"):
        answer = {name: value for name, value in answer.items() if name not in {"errcode", "errmsg"}}
    if kind == "extra_fields":
        answer = {**answer, "hint": "[sandbox]", "rid": "sandbox", "more": {"nested": [1, None, "x"]}}
    if "file" in answer:
        return Response(answer["file"], content_type="application/octet-stream")
    return jsonify(answer)
