"""Driving the sandbox from tests and the demo. One method for each line of ``bots.sandbox.control``.

>>> phones = SandboxClient("http://127.0.0.1:8100")        # doctest: +SKIP
>>> phones.say("o-wang", "给张伟医生5星").shown              # doctest: +SKIP
'收到了……'
>>> [m.text for m in phones.received(userid="d01")]        # doctest: +SKIP
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any

import requests

PATIENCE = 60.0  # seconds; three tries of five seconds fit well


class SandboxRefused(Exception):
    """The sandbox did not do it; the text says why."""


@dataclass(frozen=True)
class Shown:
    """What the person sees after an action, and how the product answered the pushes."""

    shown: str  # "" when nothing is shown
    kind: str  # nothing | failure | text | news | image …
    why: str  # the cause of a failure
    tries: int
    statuses: list[int]  # HTTP status of each try, 0: no answer in time
    seconds: list[float]
    msg_id: int
    content: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """One message on a phone."""

    number: int
    side: str  # theirs (from the hospital) | mine | system
    channel: str  # reply | custom | template | notice | wecom | webhook | chat | wechat
    kind: str
    text: str
    at: datetime
    content: dict[str, Any]


@dataclass(frozen=True)
class Counts:
    received: dict[str, dict[str, int]]  # openid | userid | webhook -> who -> number
    calls: dict[str, int]  # API path -> number
    token_calls: dict[str, list[float]]  # API path of a token -> when it was asked for, in seconds of a steady clock
    dropped: dict[str, int]  # swallowed silently, by reason
    faults: dict[str, int]  # kind -> how often it happened


class SandboxClient:
    """Raises SandboxRefused where the phone or the control interface says no, requests' errors when it is not there."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> "SandboxClient":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def patient(self, openid: str, name: str = "", *, following: bool = True, **more: Any) -> None:
        """Add or change a patient; ``more``: snapshot, template_outcome."""
        self._post("patients", openid=openid, name=name or openid, following=following, **more)

    def members(self, members: Sequence[Mapping[str, str]]) -> None:
        """Add WeCom members: ``{"userid": "d01", "name": "张伟"}``."""
        self._call("POST", "members", json=list(members))

    def member_leaves(self, userid: str) -> None:
        self._call("DELETE", f"members/{userid}")

    def say(self, openid: str, text: str, *, menu_id: str = "") -> Shown:
        return self._shown("say", openid=openid, text=text, menu_id=menu_id)

    def voice(self, openid: str, recognition: str | None = None) -> Shown:
        return self._shown("voice", openid=openid, recognition=recognition)

    def picture(self, openid: str) -> Shown:
        return self._shown("picture", openid=openid)

    def message(self, openid: str, kind: str, **fields: Any) -> Shown:
        return self._shown("message", openid=openid, kind=kind, fields=fields)

    def event(self, openid: str, event: str, **fields: Any) -> Shown:
        return self._shown("event", openid=openid, event=event, fields=fields)

    def follow(self, openid: str, scene: str = "") -> Shown:
        return self._shown("follow", openid=openid, scene=scene)

    def unfollow(self, openid: str) -> Shown:
        return self._shown("unfollow", openid=openid)

    def scan(self, openid: str, scene: str) -> Shown:
        """Scan a parametric code: its scene, ticket or url. Not following yet: follows by it."""
        return self._shown("scan", openid=openid, scene=scene)

    def click(self, openid: str, key: str) -> Shown:
        return self._shown("click", openid=openid, key=key)

    def consent(self, openid: str, template_id: str, *, accept: bool = True) -> Shown:
        return self._shown("consent", openid=openid, template_id=template_id, accept=accept)

    def repeat(self, times: int = 1) -> list[Shown]:
        """The last callback again: same MsgId, same CreateTime."""
        return [_shown(one) for one in self._post("repeat", times=times)]

    def verifies(self) -> bool:
        """Whether the product passes the check with echostr."""
        return bool(self._post("verify")["ok"])

    def received(self, *, openid: str = "", userid: str = "", webhook: str = "") -> list[Received]:
        """What the hospital sent to one patient, member or group; give exactly one."""
        given = {"openid": openid, "userid": userid, "webhook": webhook}
        query = {name: value for name, value in given.items() if value}
        return [_received(one) for one in self._call("GET", "received", params=query)]

    def chat(self, openid: str) -> list[Received]:
        """The whole chat: also what the patient wrote and what WeChat itself said."""
        return [_received(one) for one in self._call("GET", "chat", params={"openid": openid})]

    def counts(self) -> Counts:
        return Counts(**self._call("GET", "counts"))

    def fault(self, kind: str, *, path: str = "*", share: float = 1.0, times: int = 1, seconds: float = 0.0) -> None:
        """Wish for a fault (``bots.sandbox.faults.KINDS``); ``times`` 0: until cleared."""
        self._post("faults", kind=kind, path=path, share=share, times=times, seconds=seconds)

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def mode(self, mode: str) -> None:
        """plain, compatible or secure: how callbacks are sent from now on."""
        self._post("settings", mode=mode)

    def switch(self, **switches: Any) -> None:
        """ip_refused, secret_frozen; phone_openid, phone_userid (who OAuth finds at the phone); cut_seconds (5.0)."""
        self._post("settings", **switches)

    def quotas(self, limits: Mapping[str, int]) -> None:
        self._call("POST", "quotas", json=dict(limits))

    def template(self, template_id: str, fields: Mapping[str, str] | None = None) -> None:
        self._post("templates", id=template_id, fields=dict(fields or {}))

    def another_system_renews(self, platform: str = "wechat") -> None:
        """Our token is dead from now on."""
        self._post("renew", platform=platform)

    def settle(self) -> None:
        """Wait until the platform has pushed everything it still owed (finish events)."""
        self._post("settle")

    def reset(self) -> None:
        self._post("reset")

    def _shown(self, path: str, /, **given: Any) -> Shown:
        return _shown(self._post(path, **given))

    def _post(self, path: str, /, **given: Any) -> Any:
        return self._call("POST", path, json=given)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        address = f"{self.address}/sandbox/api/{path}"
        with self._session.request(method, address, timeout=PATIENCE, **more) as answer:
            told = answer.json() if "json" in answer.headers.get("Content-Type", "") else {"error": answer.text}
            if answer.status_code != 200:
                raise SandboxRefused(f"{path}: {told['error']}")
            return told


def _shown(told: dict[str, Any]) -> Shown:
    return Shown(**told)


def _received(told: dict[str, Any]) -> Received:
    return Received(**{**told, "at": datetime.fromisoformat(told["at"])})
