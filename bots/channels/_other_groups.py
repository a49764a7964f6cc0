"""Groups on other platforms through Apprise: DingTalk, Feishu, SMS gateways, mail and some 170 more (decision 0891).

Apprise answers yes or no, and yes is whatever came with HTTP 200: but DingTalk and Feishu refuse with 200 and a number in the body,
and no may mean "never sent" or "nobody knows". So what its plug-ins say over HTTP is noted on the way, and decides.
"""

import requests

from bots.channels import _base
from bots.clients import apprise_groups
from bots.clients.apprise_groups import Heard
from bots.clients.reactions import SLOW_DOWN, UNREACHED, UNSURE
from bots.messages import cut, unlinked
from feedback_app.services.deliveries import RETRY, SENT, UNKNOWN, Outcome, Outgoing

LONGEST = 1500  # bytes: every platform takes them in one piece
A_MINUTE = 60  # seconds
_TOO_FAST = frozenset({130101, 9499, 11232, 45009})
"""DingTalk, Feishu (twice), WeCom: nothing was shown, later it will be."""
_GOOD = frozenset({0, 200, 1000})  # the last is WxPusher's
_NUMBERS = ("errcode", "code", "StatusCode")
_NEVER_LEFT = (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError)
_CUT_OFF = ("RemoteDisconnected", "ConnectionResetError")
"""Also said of a proxy that was reached, after the message had left."""
_NOT_CONNECTED = ("NewConnectionError", "NameResolutionError", "CERTIFICATE_VERIFY_FAILED")


def send(address: str, name: str, message: Outgoing) -> Outcome:
    """One message to one group."""
    plugin = apprise_groups.opened(address)
    if plugin is None:
        return _base.refused("bad_group", name=name)
    title, text, url = _base.parts_of(message)
    tail = f"\n{url}" if url else ""
    body = f"{cut(unlinked(text), LONGEST - len((title + tail).encode()))}{tail}".strip()
    told, heard = apprise_groups.notify(plugin, unlinked(title), body)
    return _outcome(heard, name, told=told)


def _outcome(heard: list[Heard], name: str, *, told: bool) -> Outcome:
    """What was heard last decides; after a first part that got through, nothing is repeated by itself."""
    if not heard:  # a way without HTTP, such as mail
        return Outcome(SENT) if told else Outcome(UNKNOWN, _base.said(f"reason.{UNSURE}"))
    found = [_of_error(one) if isinstance(one, requests.RequestException) else _of_answer(one, name) for one in heard]
    last = found[-1]
    if last.state != SENT and any(one.state == SENT for one in found):
        return Outcome(UNKNOWN, last.detail)
    return last


def _of_error(error: requests.RequestException) -> Outcome:
    told = repr(error)
    never_left = isinstance(error, _NEVER_LEFT) or any(sign in told for sign in _NOT_CONNECTED)
    never_left = never_left and not any(sign in told for sign in _CUT_OFF)
    return (
        Outcome(RETRY, _base.said(f"reason.{UNREACHED}"))
        if never_left
        else Outcome(UNKNOWN, _base.said(f"reason.{UNSURE}"))
    )


def _of_answer(answer: requests.Response, name: str) -> Outcome:
    status = answer.status_code
    if status in {429, 503}:
        return Outcome(RETRY, _base.said(f"reason.{SLOW_DOWN}"), A_MINUTE)
    if status >= 500:
        return Outcome(UNKNOWN, _base.said(f"reason.{UNSURE}"))
    number = _number(answer) if status < 300 else status
    if number in _TOO_FAST:
        return Outcome(RETRY, _base.said(f"reason.{SLOW_DOWN}"), A_MINUTE)
    return Outcome(SENT) if number in _GOOD else _base.refused("group_refused", name=name, number=number)


def _number(answer: requests.Response) -> int:
    """The platform's own number for how it went; 0 where it has none."""
    try:
        said = answer.json()
    except ValueError:
        return 0
    if not isinstance(said, dict):
        return 0
    found = next((said[key] for key in _NUMBERS if key in said), 0)
    return found if isinstance(found, int) else 0 if str(found) in {"0", "200"} else -1
