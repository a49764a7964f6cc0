"""Signing in, and the hidden token of forms, as attackers and as real proxies meet them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app.app import create_app
from feedback_app.db.accounts import Account
from feedback_app.services import accounts
from feedback_app.services.runtime import Runtime
from tests.conftest import settings_for
from tests.console import PASSWORD, account, csrf, submit

HTTPS = "https://stars.hospital.example"


@pytest.fixture
def behind_tls(runtime: Runtime, tmp_path: Path) -> Flask:
    """The application as in production: public address, TLS ended by one proxy."""
    server = {"base_url": HTTPS, "trusted_proxies": 1}
    settings = settings_for(tmp_path, server=server, sandbox={"clock_file": ""}, security={"hashing": "normal"})
    made = create_app(settings)
    made.testing = True
    return made


def proxied(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    client.environ_base["HTTP_X_FORWARDED_FOR"] = "203.0.113.9"
    return client


def test_forms_work_behind_tls_with_the_referrer_our_own_policy_leaves(behind_tls: Flask, runtime: Runtime) -> None:
    client = proxied(behind_tls)
    page = client.get("/admin/sign-in", base_url=HTTPS)
    assert page.headers["Referrer-Policy"] == "no-referrer"  # so browsers send none, not even to us
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/admin/sign-in", base_url=HTTPS, data={"csrf_token": token, "login": "nobody", "password": "wrong-password"}
    )
    assert answer.status_code == 401


def test_cookies_and_headers_behind_tls(behind_tls: Flask) -> None:
    answer = proxied(behind_tls).get("/admin/sign-in", base_url=HTTPS)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-stars=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("login", ["ADMIN", " admin ", "ａｄｍｉｎ", "Admin\t"])
def test_spelling_the_login_otherwise_gives_no_more_guesses(client: FlaskClient, runtime: Runtime, login: str) -> None:
    account(runtime, "admin")
    for _ in range(runtime.settings.security.lockout_failures):
        assert submit(client, "/admin/sign-in", {"login": login, "password": "wrong"}).status_code == 401
    assert submit(client, "/admin/sign-in", {"login": "admin", "password": PASSWORD}).status_code == 401


def test_a_cookie_planted_before_signing_in_is_worth_nothing_afterwards(app: Flask, runtime: Runtime) -> None:
    account(runtime, "admin")
    victim, attacker = app.test_client(), app.test_client()
    csrf(victim)
    planted = victim.get_cookie("stars")
    assert planted is not None
    assert submit(victim, "/admin/sign-in", {"login": "admin", "password": PASSWORD}).status_code == 303
    attacker.set_cookie("stars", planted.value)
    assert attacker.get("/admin/accounts").status_code == 302


def test_a_changed_password_ends_every_other_sign_in(app: Flask, runtime: Runtime) -> None:
    account(runtime, "admin")
    browsers = [app.test_client() for _ in range(3)]
    for one in browsers:
        submit(one, "/admin/sign-in", {"login": "admin", "password": PASSWORD})
    fresh = "green-heron-43"
    changed = submit(
        browsers[0], "/admin/password", {"old_password": PASSWORD, "password": fresh, "password_again": fresh}
    )
    assert changed.status_code == 303
    assert [one.get("/admin/accounts").status_code for one in browsers] == [200, 302, 302]


@pytest.mark.parametrize(
    "wished",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)", "\\/evil",
     "/%0d%0aLocation:%20//evil.example", "///evil.example", "http:evil.example"],
)  # fmt: skip
def test_nobody_is_sent_to_a_foreign_site(client: FlaskClient, runtime: Runtime, wished: str) -> None:
    account(runtime, "admin")
    fields = {"login": "admin", "password": PASSWORD, "next": wished}
    places = [
        submit(client, "/admin/sign-in", fields).headers["Location"],
        client.get("/language/en", query_string={"next": wished}).headers["Location"],
        client.get("/admin/sign-in", query_string={"next": wished}).headers["Location"],
    ]
    assert all(place.startswith("/") and place[1:2] not in {"/", "\\"} for place in places), places


def test_a_false_host_never_stands_in_a_link(client: FlaskClient, runtime: Runtime) -> None:
    account(runtime, "admin")
    submit(client, "/admin/sign-in", {"login": "admin", "password": PASSWORD})
    false = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    token, cookie = csrf(client), client.get_cookie("stars")
    assert cookie is not None
    client.set_cookie("stars", cookie.value, domain="evil.example")
    for page in ("/admin/accounts", "/admin/codes", "/stars/", "/evidence/", "/admin/bindings", "/c", "/feedback"):
        answer = client.get(page, headers=false)
        assert answer.status_code == 200, page
        assert "evil.example" not in answer.text + str(answer.headers), page
    invited = client.post("/admin/accounts/invite", data={"csrf_token": token, "role": "office"}, headers=false)
    assert "http://127.0.0.1:8000/admin/setup/" in invited.text
    assert "evil.example" not in invited.text


def test_a_page_of_refusal_has_its_nonce(client: FlaskClient) -> None:
    """Refused before any page was begun: without a nonce the page would be bare, and the policy would hold an empty one."""
    answer = client.post("/admin/sign-in", data={})
    assert answer.status_code == 400
    nonce = answer.headers["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
    assert len(nonce) > 20
    assert f'<style nonce="{nonce}">' in answer.text


def test_a_role_or_account_sent_along_is_not_taken(client: FlaskClient, runtime: Runtime) -> None:
    """Whoever is invited as complaints office becomes that, whatever the form says."""
    with runtime.transaction() as session:
        token = accounts.make_setup_link(session, "office", runtime.now())
    fields = {"login": "lin", "name": "林", "password": PASSWORD, "password_again": PASSWORD}
    sent = {**fields, "role": "admin", "account_id": "1", "active": "1"}
    assert submit(client, f"/admin/setup/{token}", sent).status_code == 303
    assert client.get("/admin/accounts").status_code == 403
    assert client.get("/admin/complaints").status_code == 200
    assert client.get(f"/admin/setup/{token}").status_code == 410  # used once
    with runtime.reading() as session:
        assert session.query(Account).one().role == "office"


def test_a_link_used_by_eight_at_once_makes_one_account(app: Flask, runtime: Runtime) -> None:
    with runtime.transaction() as session:
        token = accounts.make_setup_link(session, "admin", runtime.now())
    clients = [app.test_client() for _ in range(8)]
    tokens = [csrf(one) for one in clients]

    def use(number: int) -> int:
        fields = {"login": f"lin{number}", "name": "林", "password": PASSWORD, "password_again": PASSWORD}
        sent = {**fields, "csrf_token": tokens[number]}
        return clients[number].post(f"/admin/setup/{token}", data=sent).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(use, range(8)))
    with runtime.reading() as session:
        assert (answers, session.query(Account).count()) == ([303] + [410] * 7, 1)
