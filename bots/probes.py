"""The canary's hands: a marked low rating sent as a patient's phone or as the platform would send it."""

import re
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from bots.wechat import signature, xml
from bots.wechat.crypto import Envelope
from feedback_app.services import canary
from feedback_app.services.canary import Attempt, Target
from feedback_app.services.runtime import Runtime

TIMEOUT = 15
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
Probe = Callable[[Target], Attempt]


def open_probes(runtime: Runtime) -> Mapping[str, Probe]:
    """The ways in that are configured."""
    found: dict[str, Probe] = {"form": lambda target: send_form(runtime, target)}
    if runtime.settings.wechat.enabled:
        found["bot"] = lambda target: send_message(runtime, target)
    return found


def send_form(runtime: Runtime, target: Target) -> Attempt:
    """Open the form, choose the lowest level, send it; the answer must lead to a receipt."""
    address = f"{_base(runtime)}/s/{target.code}"
    try:
        with _phone() as http:
            page = http.get(address, timeout=TIMEOUT)
            fields = dict(_HIDDEN.findall(page.text))
            if page.status_code != 200 or "key" not in fields:
                return Attempt("form", target.kind, problem=f"the form answered {page.status_code}")
            fields |= {target.field: str(canary.LEVEL), "comment": canary.COMMENT}
            fields["canary"] = canary.mark(runtime.vault, fields["key"])
            sent = http.post(address, data=fields, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return Attempt("form", target.kind, problem=f"not reached: {type(error).__name__}")
    receipt = sent.headers.get("Location", "").partition("?")[0].rpartition("/")[2]
    if sent.status_code != 303 or not receipt:
        return Attempt("form", target.kind, problem=f"the lowest level was answered with {sent.status_code}")
    return Attempt("form", target.kind, receipt=receipt)


def send_message(runtime: Runtime, target: Target) -> Attempt:
    """A callback signed and sealed like the platform's: the name and one star."""
    seconds, nonce = str(int(time.time())), secrets.token_hex(8)
    body, query = _pushed(runtime, f"{target.name} {canary.LEVEL}星", seconds, nonce)
    try:
        with _phone() as http:
            sent = http.post(f"{_base(runtime)}/wechat", params=query, data=body, timeout=TIMEOUT)
    except requests.RequestException as error:
        return Attempt("bot", target.kind, problem=f"not reached: {type(error).__name__}")
    return Attempt("bot", target.kind, problem="" if sent.status_code == 200 else f"answered {sent.status_code}")


class _LocalTrust(HTTPAdapter):
    """Trusts what this machine trusts besides what comes with the library: a hospital may have certificates of its own."""

    def init_poolmanager(self, *args: Any, **more: Any) -> Any:
        return super().init_poolmanager(*args, **more, ssl_context=ssl.create_default_context())


def _phone() -> requests.Session:
    http = requests.Session()
    http.mount("https://", _LocalTrust())
    return http


def _pushed(runtime: Runtime, words: str, seconds: str, nonce: str) -> tuple[bytes, dict[str, str]]:
    settings = runtime.settings.wechat
    token = settings.token.get_secret_value()
    plain = (
        f"<xml><ToUserName>{xml.cdata('test')}</ToUserName>"
        f"<FromUserName>{xml.cdata(canary.sender(runtime.vault))}</FromUserName><CreateTime>{seconds}</CreateTime>"
        f"<MsgType>{xml.cdata('text')}</MsgType><Content>{xml.cdata(words)}</Content>"
        f"<MsgId>{secrets.randbelow(10**15)}</MsgId></xml>"
    ).encode()
    query = {"timestamp": seconds, "nonce": nonce, "signature": signature.sign(token, seconds, nonce)}
    if settings.mode == "plain":
        return plain, query
    sealed = Envelope(settings.encoding_aes_key.get_secret_value(), settings.app_id).seal(plain)
    query |= {"encrypt_type": "aes", "msg_signature": signature.sign(token, seconds, nonce, sealed)}
    return (
        f"<xml><ToUserName>{xml.cdata('test')}</ToUserName><Encrypt>{xml.cdata(sealed)}</Encrypt></xml>".encode(),
        query,
    )


def _base(runtime: Runtime) -> str:
    return runtime.settings.canary.address.rstrip("/") or runtime.settings.server.base_url
