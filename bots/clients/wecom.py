"""Calls of Enterprise WeChat (qyapi.weixin.qq.com): one token for each app secret."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bots.clients.caller import Caller, Fields
from bots.clients.official_account import authorize_url, exchange, token_of
from bots.clients.platform import Platform
from bots.clients.reactions import DROP, RETRY, PlatformError
from feedback_app.errors import NotFound, Refused
from feedback_app.services.runtime import Runtime

LONGEST_REPEAT = 14_400  # seconds the platform remembers a message to recognise it again
_SPREAD = 3_600


class Wecom:
    """One for each process."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings.wecom
        self._caller = Caller(self._settings.api_base)
        name = f"wecom:{self._settings.corp_id}:{self._settings.agent_id}"
        self._platform = Platform(runtime, name, self._caller, self._fetch_token, _in_ten_minutes)

    def token(self) -> str:
        """Raises PlatformError."""
        return self._platform.token()

    def _fetch_token(self) -> tuple[str, int]:
        # The platform offers no other way than the address for this secret; nothing of ours logs or quotes addresses.
        query = {"corpid": self._settings.corp_id, "corpsecret": self._settings.secret.get_secret_value()}
        return token_of(self._caller, "GET", "cgi-bin/gettoken", query, None)

    def send_text(self, userid: str, text: str, *, distinct: int) -> None:
        """A text of the app to one member; the same call again within about 3 hours shows nothing more.

        The platform compares the whole request, so two messages with equal words would swallow each other: ``distinct``
        (any number that belongs to the message) makes their requests differ. Raises PlatformError.
        """
        sent = self._platform.post(
            "cgi-bin/message/send",
            {
                "touser": userid,
                "msgtype": "text",
                "agentid": self._settings.agent_id,
                "text": {"content": text},
                "enable_duplicate_check": 1,
                "duplicate_check_interval": LONGEST_REPEAT - distinct % _SPREAD,
            },
        )
        invalid = str(sent.get("invaliduser") or "").lower().split("|")  # errcode 0, and yet nobody got it
        if userid.lower() in invalid:
            raise PlatformError(DROP, 81013, path="cgi-bin/message/send")

    def send_to_group(self, webhook: str, body: Mapping[str, Any]) -> None:
        """A message of the named group robot. Raises NotFound ``wechat.unknown_webhook``, PlatformError."""
        secret = self._settings.webhooks.get(webhook)
        if secret is None:
            raise NotFound("wechat.unknown_webhook")
        self._caller.json("POST", "cgi-bin/webhook/send", {"key": webhook_key(secret.get_secret_value())}, body)

    def authorize_url(self, redirect_to: str, state: str) -> str:
        settings = self._settings
        agent = str(settings.agent_id)
        return authorize_url(settings.open_base, settings.corp_id, redirect_to, state, agentid=agent)

    def userid_of(self, code: str) -> str:
        """Who came back with this code.

        Raises Refused ``staff.code_used``, ``wechat.not_a_member`` (in WeCom, but not in this corporation), PlatformError.
        """
        found: Fields = exchange(
            lambda: self._platform.get("cgi-bin/auth/getuserinfo", {"code": code}), "staff.code_used"
        )
        userid = found.get("userid") or found.get("UserId")  # spelled so by the older address of the same call
        if isinstance(userid, str) and userid:
            return userid
        if found.get("openid") or found.get("OpenId"):
            raise Refused("wechat.not_a_member")
        raise PlatformError(RETRY, path="cgi-bin/auth/getuserinfo")


def webhook_key(configured: str) -> str:
    """The key alone, also when the whole address was pasted into the configuration."""
    return parse_qs(urlsplit(configured).query).get("key", [configured])[0]


def _in_ten_minutes(now: datetime) -> datetime:
    """WeCom's 45009 is a rate by the minute or hour, not by the day."""
    return now + timedelta(minutes=10)
