"""Calls of the official account (api.weixin.qq.com)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from bots.clients.caller import Answer, Caller, Fields
from bots.clients.platform import Platform
from bots.clients.reactions import RETRY, SIGN_IN, STOP, TOKEN, PlatformError
from feedback_app.errors import Refused
from feedback_app.services.runtime import Runtime

LONGEST_QR = timedelta(seconds=2_592_000)
LARGEST_MEDIA = 20 * 1024 * 1024
_MOST = {  # characters of a template field, by the type in its name
    "thing": 20,
    "number": 32,
    "letter": 32,
    "character_string": 32,
    "phone_number": 17,
    "car_number": 8,
    "name": 10,
    "phrase": 5,
    "const": 20,
}
_FIELD_TYPE = re.compile(r"[a-z_]+")


@dataclass(frozen=True)
class ParametricCode:
    ticket: str
    url: str  # to be drawn as a QR code of our own
    expires_in: int | None  # seconds; None: permanent


class OfficialAccount:
    """One for each process."""

    def __init__(self, runtime: Runtime, caller: Caller | None = None) -> None:
        self._settings = runtime.settings.wechat
        self._caller = caller or Caller(self._settings.api_base)
        self._platform = Platform(runtime, f"wechat:{self._settings.app_id}", self._caller, self._fetch_token)

    def token(self) -> str:
        """Raises PlatformError."""
        return self._platform.token()

    def _fetch_token(self) -> tuple[str, int]:
        """stable_token in normal mode: every process may ask, another system on this account does not kill it."""
        body = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._settings.app_secret.get_secret_value(),
            "force_refresh": False,
        }
        return token_of(self._caller, "POST", "cgi-bin/stable_token", {}, body)

    def send_text(self, openid: str, text: str) -> None:
        """A customer-service message; only within the window after the person did something. Raises PlatformError."""
        self._platform.post(
            "cgi-bin/message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": text}}
        )

    def send_template(
        self, openid: str, template: str, values: Mapping[str, str], *, url: str, client_msg_id: str
    ) -> str:
        """A template message; the same ``client_msg_id`` within 10 minutes is one message. Returns the platform's number.

        Values are cut to what their type takes, as named by the field (``thing1``: 20 characters). Raises PlatformError.
        """
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template,
            "data": {name: {"value": template_value(name, value)} for name, value in values.items()},
            "client_msg_id": client_msg_id,
        }
        if url:
            body["url"] = url
        return str(self._platform.post("cgi-bin/message/template/send", body).get("msgid", ""))

    def create_code(self, scene: str, *, expires_in: timedelta | None = LONGEST_QR) -> ParametricCode:
        """A code that brings people to the account with ``scene`` (1 to 64 characters); None: permanent, of which there
        are 100,000 and which cannot be deleted. Raises Refused ``wechat.bad_scene``, PlatformError.
        """
        if not 1 <= len(scene) <= 64:
            raise Refused("wechat.bad_scene")
        body: dict[str, Any] = {"action_info": {"scene": {"scene_str": scene}}}
        if expires_in is None:
            body["action_name"] = "QR_LIMIT_STR_SCENE"
        else:
            seconds = int(min(expires_in, LONGEST_QR).total_seconds())
            body |= {"action_name": "QR_STR_SCENE", "expire_seconds": seconds}
        made = self._platform.post("cgi-bin/qrcode/create", body)
        lifetime = made.get("expire_seconds") if expires_in is not None else None
        return ParametricCode(str(made.get("ticket", "")), str(made.get("url", "")), lifetime)

    def create_menu(self, buttons: list[Mapping[str, Any]]) -> None:
        """Replace the account's menu. Raises PlatformError."""
        self._platform.post("cgi-bin/menu/create", {"button": buttons})

    def authorize_url(self, redirect_to: str, state: str) -> str:
        """Where to send a browser inside WeChat to learn its openid, silently."""
        return authorize_url(self._settings.open_base, self._settings.app_id, redirect_to, state)

    def openid_of(self, code: str) -> str:
        """Who came back with this single-use code.

        Raises Refused ``wechat.code_used``, ``wechat.snapshot_user`` (a preview page: that openid is nobody), PlatformError.
        """
        query = {
            "appid": self._settings.app_id,
            "secret": self._settings.app_secret.get_secret_value(),
            "code": code,
            "grant_type": "authorization_code",
        }
        path = "sns/oauth2/access_token"
        try:
            found = exchange(lambda: self._caller.json("GET", path, query), "wechat.code_used")
        except PlatformError as error:
            self._platform.note(error, path)
            raise
        self._platform.over(path)
        if str(found.get("is_snapshotuser", "0")) not in {"0", ""}:
            raise Refused("wechat.snapshot_user")
        openid = found.get("openid")
        if not isinstance(openid, str) or not openid:
            raise PlatformError(RETRY, path="sns/oauth2/access_token")
        return openid

    def media(self, media_id: str) -> Answer:
        """A picture or voice somebody sent us, within 3 days; by its number, never by an address from a message.

        Raises PlatformError.
        """
        got = self._platform.download("cgi-bin/media/get", {"media_id": media_id}, largest=LARGEST_MEDIA)
        if "json" in got.content_type or "text" in got.content_type:
            raise PlatformError(RETRY, path="cgi-bin/media/get")
        return got


def template_value(name: str, value: str) -> str:
    """``value`` as a field of that type takes it: one line, not too long."""
    kind = _FIELD_TYPE.match(name)
    most = _MOST.get(kind[0], 20) if kind else 20
    line = " ".join(value.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def authorize_url(open_base: str, app_id: str, redirect_to: str, state: str, **more: str) -> str:
    query = {
        "appid": app_id,
        "redirect_uri": redirect_to,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
        **more,
    }
    return f"{open_base.rstrip('/')}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


def exchange(ask: Any, used: str) -> Fields:
    """Trade a single-use code. Raises Refused ``used`` for one that was used, has expired or never was, PlatformError."""
    try:
        return dict(ask())
    except PlatformError as error:
        if error.reaction != SIGN_IN:
            raise
    raise Refused(used)


def token_of(
    caller: Caller, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None
) -> tuple[str, int]:
    """Token and seconds. A token error of the token call itself means a wrong secret: STOP. Raises PlatformError."""
    try:
        found = caller.json(method, path, query, body)
    except PlatformError as error:
        if error.reaction != TOKEN:
            raise
        wrong_secret = error.errcode
    else:
        value, seconds = found.get("access_token"), found.get("expires_in")
        if isinstance(value, str) and value and isinstance(seconds, int) and seconds > 0:
            return value, seconds
        raise PlatformError(RETRY, path=path)
    raise PlatformError(STOP, wrong_secret, path=path)
