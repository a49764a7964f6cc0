"""Somebody with a browser: one hospital, either node, cookies as a browser keeps them."""

import re
from collections.abc import Collection
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests

from bench.group.hospitals import Hospital
from bench.group.reading import Tally, format_of, shown_headers
from tests.console import PASSWORD

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PATIENCE = 120


class Visitor:
    """``role``: an account's role, ``staff``, or ``patient`` who is nobody."""

    def __init__(self, one: Hospital, role: str, tally: Tally, foreign: Collection[str]) -> None:
        self.hospital, self.role, self.tally, self.foreign = one, role, tally, foreign
        self.http = requests.Session()
        self.http.trust_env = False

    def ask(self, node: int, path: str, method: str = "GET", **options: Any) -> requests.Response:
        """One request to one node; no redirect is followed."""
        options = {"allow_redirects": False, "timeout": PATIENCE, **options}
        return self.http.request(method, self.hospital.base(node) + path, **options)

    def look(self, kind: str, node: int, path: str, method: str = "GET", **options: Any) -> requests.Response:
        """Ask, and look through the whole answer; what stands in the address itself may be said back."""
        answer = self.ask(node, path, method, **options)
        where = f"{method} {self.hospital.name} node {node + 1} as {self.role}: {path} [{answer.status_code}]"
        foreign = [one for one in self.foreign if one not in path.lower()]
        own = (self.hospital.mark.lower(),)
        self.tally.look(kind, where, answer.content + b"\n" + shown_headers(answer.headers), foreign, own)
        if answer.content.startswith((b"PK", b"%PDF", b"\x89PNG", b"\xff\xd8")):
            self.tally.look(f"{kind} (file)", where, answer.content, foreign, own)
        self.tally.formats[format_of(answer.content, answer.headers.get("Content-Type", ""))] += 1
        if answer.status_code >= 500:
            self.tally.wrong.append(f"fault {where}")
        return answer

    def hidden(self, node: int, path: str) -> dict[str, str]:
        page = self.ask(node, path, allow_redirects=True).text
        return {name: unescape(value) for name, value in _HIDDEN.findall(page)}

    def sign_in(self, node: int) -> None:
        """As this role, at one node; with the password said again, so that nothing asks for it later."""
        if self.role == "staff":
            self.ask(node, "/staff/wecom", allow_redirects=True)
            return
        fields = {**self.hidden(node, "/admin/sign-in"), "login": self.role, "password": PASSWORD}
        assert self.ask(node, "/admin/sign-in", "POST", data=fields).status_code == 303
        fields = {**self.hidden(node, "/admin/confirm"), "password": PASSWORD, "next": "/admin/"}
        assert self.ask(node, "/admin/confirm", "POST", data=fields).status_code == 303
        self.hospital.secrets |= {str(one.value) for one in self.http.cookies if len(str(one.value)) > 15}

    def is_in(self, node: int) -> bool:
        """Whether this node knows who it is; some roles are led on from the first page to their own."""
        answer = self.ask(node, "/staff/" if self.role == "staff" else "/admin/")
        return answer.status_code == 200 or (answer.is_redirect and "sign-in" not in answer.headers["Location"])


def path_of(address: str) -> str:
    """Path and query of an address, without who it belongs to."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
