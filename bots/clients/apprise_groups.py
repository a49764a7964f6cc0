"""Apprise's plug-ins, with an ear on what they say over HTTP (decision 0891)."""

import importlib
import logging
import sys
import threading
from typing import Any
from urllib.parse import unquote

import requests

Heard = requests.Response | requests.RequestException


class _Noting(threading.local):
    """What one thread heard: an answer or an error for each request."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []


_noting = _Noting()


class _Watched:
    """The module ``requests`` as plug-ins see it; each request of theirs is noted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            # nosemgrep: no-timeout
            answer = requests.request(method, url, **_mended(options))  # noqa: S113 - plug-ins pass a timeout
        except requests.RequestException as error:
            _noting.heard.append(error)
            raise
        _noting.heard.append(answer)
        return answer

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> requests.Response:
        return self.request("PUT", url, **options)


_WATCHED = _Watched()


def _mended(options: dict[str, Any]) -> dict[str, Any]:
    """DingTalk's signature comes percent-encoded from Apprise 2.2.0, and would be encoded once more: refused as 310000."""
    params = options.get("params")
    if isinstance(params, dict) and "%" in str(params.get("sign", "")):
        return {**options, "params": {**params, "sign": unquote(params["sign"])}}
    return options


def opened(address: str) -> Any | None:
    """The plug-in behind an address; None where Apprise is missing or knows no such address."""
    try:
        apprise = importlib.import_module("apprise")  # seconds and 26 MB, for those who use it
    except ImportError:
        return None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its log quotes addresses, which are secrets
    plugin = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if plugin is None:
        return None
    module = sys.modules[type(plugin).__module__]
    if getattr(module, "requests", None) is requests:
        module.requests = _WATCHED  # type: ignore[attr-defined]
    return plugin


def notify(plugin: Any, title: str, body: str) -> tuple[bool, list[Heard]]:
    """Send it; what Apprise says of it, and what was heard on the way: one answer or error for each request."""
    _noting.heard = []
    told = bool(plugin.notify(body=body or title, title=title if body else ""))
    return told, _noting.heard
