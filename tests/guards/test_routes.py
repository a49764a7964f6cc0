"""Every route says who may call it, and keeps its word: generated from the map of addresses, so nothing is forgotten."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from feedback_app.services.runtime import Runtime
from feedback_app.web.access import CONSOLE, PUBLIC, STAFF, allowed_roles
from tests.console import sign_in

SIGN_IN_PAGES = ("/admin/sign-in", "/staff")


def routes(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static" and method in (rule.methods or ())]


def address(rule: Rule) -> str:
    """The rule's address with values that belong to nothing."""
    values = {
        name: 987654 if "int" in type(kind).__name__.lower() else "none" for name, kind in rule._converters.items()
    }
    built = rule.build(values, append_unknown=False)
    assert built is not None, rule
    return built[1]


def test_every_route_declares_its_roles(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert allowed_roles(app, rule.endpoint), rule


def test_console_addresses_are_never_public(app: Flask) -> None:
    public = {
        rule.rule for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/admin") and PUBLIC in allowed_roles(app, rule.endpoint)
    }  # fmt: skip
    assert public == {
        "/admin",
        "/admin/sign-in",
        "/admin/sign-in/passkey",
        "/admin/sign-in/second",
        "/admin/sign-out",
        "/admin/setup/<token>",
    }


@pytest.mark.parametrize("role", [PUBLIC, *CONSOLE])
def test_get_is_open_to_the_right_roles_only(app: Flask, client: FlaskClient, runtime: Runtime, role: str) -> None:
    if role != PUBLIC:
        sign_in(client, runtime, role)
    wrong = []
    for rule in routes(app, "GET"):
        wanted = allowed_roles(app, rule.endpoint)
        answer = client.get(address(rule))
        if PUBLIC in wanted or role in wanted:
            good = answer.status_code not in {403, 500}
        elif role == PUBLIC:
            good = answer.status_code == 403 or (
                answer.status_code == 302 and answer.headers["Location"].startswith(SIGN_IN_PAGES)
            )
        else:
            good = answer.status_code in {302, 403} and (wanted == {STAFF} or answer.status_code == 403)
        if not good:
            wrong.append((rule.rule, sorted(wanted), answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", [PUBLIC, *CONSOLE])
def test_post_without_the_hidden_token_or_the_role_changes_nothing(
    app: Flask, client: FlaskClient, runtime: Runtime, role: str
) -> None:
    if role != PUBLIC:
        sign_in(client, runtime, role)
    answers = {
        rule.rule: client.post(address(rule)).status_code
        for rule in routes(app, "POST")
        if PUBLIC not in allowed_roles(app, rule.endpoint)
    }
    assert answers
    assert set(answers.values()) == {400}, answers


@pytest.mark.parametrize("role", CONSOLE)
def test_post_with_the_token_but_the_wrong_role_is_refused(
    app: Flask, client: FlaskClient, runtime: Runtime, role: str
) -> None:
    sign_in(client, runtime, role)
    page = client.get("/admin/password").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answers = {
        rule.rule: client.post(address(rule), data={"csrf_token": token}).status_code
        for rule in routes(app, "POST")
        if not allowed_roles(app, rule.endpoint) & {PUBLIC, role}
    }
    assert set(answers.values()) <= {403}, answers
