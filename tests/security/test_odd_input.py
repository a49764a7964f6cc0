"""Odd values in every address, query and form: a clear answer, never an error of ours."""

from collections.abc import Iterator
from itertools import cycle

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from feedback_app.domain import roles
from feedback_app.services import awards
from feedback_app.services.runtime import Runtime
from feedback_app.web.access import ADMIN, PUBLIC, STAFF, allowed_roles
from tests.console import csrf, sign_in
from tests.security.people import sign_in_staff

ODD = (
    "",
    "0",
    "-1",
    "99999999999999999999999",  # no integer of any database
    "9" * 5000,  # more digits than Python reads
    "٣",  # a digit, and not ASCII
    "é\u202e张\U0001f600",
    "a\0b",
    "'; DROP TABLE ratings; --",
    "%",
    "{{7*7}}{0.__class__}",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "0000-01",
    "9999-12",
    "2026-11",
    "\t\r\nSet-Cookie: a=b",
)
NAMES = ["page", "q", "kind", "department", "active", "state", "level", "channel", "comment", "period", "name", "receipt", "code", "next", "lang", "league", "part", "old", "new", "purpose", "action", "urgency", "back", "slip", "since", "until", "layout", "format", "key", "status", "csrf_token", "version", "overall", "seen", "text"]  # fmt: skip

# Not ready is an answer; and whoever signs out could not go on.
LEFT_OUT = {"static", "health.ready", "auth.sign_out", "staff_auth.sign_out"}
REAL = {"award": awards.BUILT_IN, "layout": "stand"}  # so that what stands behind them is reached


def addresses(rule: Rule) -> Iterator[str]:
    for value in ODD:
        values = {
            name: (value if value.isascii() and value.isdigit() and len(value) < 30 else "7")
            if "int" in type(kind).__name__.lower()
            else REAL.get(name) or value or "x"
            for name, kind in rule._converters.items()
        }
        built = rule.build(values, append_unknown=False)
        if built is not None:
            yield built[1]
        if not rule._converters:
            return


def rules(app: Flask, method: str) -> list[Rule]:
    return [one for one in app.url_map.iter_rules() if one.endpoint not in LEFT_OUT and method in (one.methods or ())]


@pytest.fixture
def everyone(app: Flask, runtime: Runtime) -> dict[str, FlaskClient]:
    clients = {PUBLIC: app.test_client(), ADMIN: app.test_client(), STAFF: app.test_client()}
    for role in (one for one in roles.CONSOLE if one != ADMIN):
        clients[role] = app.test_client()
        sign_in(clients[role], runtime, role)
    sign_in(clients[ADMIN], runtime, ADMIN)
    sign_in_staff(clients[STAFF], runtime, "D01")
    return clients


def someone(clients: dict[str, FlaskClient], app: Flask, rule: Rule) -> FlaskClient:
    return clients[next(role for role in clients if role in allowed_roles(app, rule.endpoint))]


def test_no_address_and_no_query_breaks_a_page(app: Flask, everyone: dict[str, FlaskClient]) -> None:
    broken = []
    for rule in rules(app, "GET"):
        asking = someone(everyone, app, rule)
        broken += [
            (address[:80], answer.status_code)
            for address in addresses(rule)
            if (answer := asking.get(address)).status_code >= 500
        ]
        plain = next(addresses(rule))
        for value in ODD:
            answer = asking.get(plain, query_string=[(name, value) for name in NAMES])
            if answer.status_code >= 500:
                broken.append((f"{plain[:80]}?…={value[:30]}", answer.status_code))
    assert broken == [], "\n".join(map(str, broken))


def test_no_form_breaks_a_page(app: Flask, everyone: dict[str, FlaskClient]) -> None:
    tokens = {role: csrf(asking) for role, asking in everyone.items()}
    broken = []
    for rule in rules(app, "POST"):
        role = next((role for role in everyone if role in allowed_roles(app, rule.endpoint)), None)
        assert role is not None, f"nobody may send {rule}"
        for address, value in zip(cycle(addresses(rule)), ODD, strict=False):
            answer = everyone[role].post(address, data={**dict.fromkeys(NAMES, value), "csrf_token": tokens[role]})
            if answer.status_code >= 500:
                broken.append((f"{address[:80]} …={value[:30]}", answer.status_code))
    assert broken == [], "\n".join(map(str, broken))
