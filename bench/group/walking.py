"""Everything that can be opened, by everybody, at both nodes: found from the routes, from links and from forms."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode

from werkzeug.routing import Map

from bench.group.filling import fill_in, forms
from bench.group.hospitals import Hospital
from bench.group.visitors import Visitor, path_of
from tests.addresses import Addresses
from tests.test_permissions import address

_LINK = re.compile(r"""(?:href|src|action)=["']((?:https?://127\.0\.0\.1\d(?::\d+)?)?/[^"'#]*)""")
_NOT_WALKED = frozenset({"static", "auth.sign_out", "staff_auth.sign_out", "staff_auth.to_wecom"})


@dataclass
class Walk:
    """``alike``: addresses opened of each sort; ``nodes``: () each address at one node in turn, else at all of these."""

    routes: Map
    alike: int = 2
    nodes: Sequence[int] = ()
    fills: bool = False
    endpoints: set[str] = field(default_factory=set)  # opened at all
    real: set[str] = field(default_factory=set)  # opened with something behind it (200)

    def of(self, who: Visitor, values: Mapping[str, Any]) -> None:
        adapter, first = self.routes.bind(who.hospital.host), seeds(self.routes, values)
        addresses, sent = Addresses(adapter, first, self.alike, _NOT_WALKED), set[str]()
        for turn, (path, endpoint) in enumerate(addresses):
            addresses.waiting.extend(self._open(who, path, endpoint, turn, sent))

    def in_turns(self, visitors: Sequence[Visitor], values: Sequence[Mapping[str, Any]]) -> None:
        """Every address once, at one hospital and one node or another in turn."""
        adapter = self.routes.bind(visitors[0].hospital.host)
        for turn, paths in enumerate(zip(*(seeds(self.routes, one) for one in values), strict=True)):
            endpoint, number = adapter.match(paths[0], "GET")[0], turn % len(visitors)
            if endpoint not in _NOT_WALKED:
                list(self._open(visitors[number], paths[number], str(endpoint), turn, set()))

    def _open(self, who: Visitor, path: str, endpoint: str, turn: int, sent: set[str]) -> Iterator[str]:
        """Look at it; where it leads to."""
        for node in self.nodes or (turn % 2,):
            answer = who.look("pages", node, path)
        self.endpoints.add(endpoint)
        if answer.status_code == 200:
            self.real.add(endpoint)
            who.hospital.links.setdefault(path, 200)
        if "html" not in answer.headers.get("Content-Type", ""):
            return
        page = answer.text
        if self.fills and answer.status_code == 200:
            statuses = list(fill_in(who, turn % 2, path, page, sent))
            if statuses:
                page = who.look("pages", turn % 2, path).text
        yield from (path_of(unescape(found)) for found in _LINK.findall(page))
        yield from asked(page, path, who.hospital.mark)


def seeds(routes: Map, values: Mapping[str, Any]) -> Iterator[str]:
    """Every address of the program."""
    for rule in routes.iter_rules():
        if "GET" in (rule.methods or ()):
            yield address(rule, values)


def asked(page: str, path: str, mark: str) -> Iterator[str]:
    """What the page's search forms and choices ask: as it stands, and with each choice once."""
    for form in forms(page, mark):
        if form["method"] != "get":
            continue
        to, data = path_of(form["to"] or path).partition("?")[0], form["data"]
        yield f"{to}?{urlencode(data)}"
        for name, choices in form["choices"].items():
            yield from (f"{to}?{urlencode({**data, name: choice})}" for choice in choices[:12])


def values_of(one: Hospital, number: str = "none") -> dict[str, Any]:
    """Parts of addresses under which there is something."""
    receipt = next((path.removeprefix("/r/") for path in one.links if path.startswith("/r/")), "none")
    return {
        "number": number, "code": one.scans[0], "key": "XN01", "point_id": 5, "account_id": 1, "award": "monthly", "period": "2026-10",
        "receipt": receipt, "kind": "staff", "layout": "stand", "version_id": 1, "file_id": 1, "media_id": 1, "receiver_id": 1, "form": "xlsx",
    }  # fmt: skip
