"""Accounts and signing in: one-time links, lockout, sessions that end when they should."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.accounts import Account, SignIn
from feedback_app.db.audit import AuditEntry
from feedback_app.domain import passwords as rules
from feedback_app.errors import Gone
from feedback_app.services import accounts, audit
from feedback_app.services.runtime import Runtime
from feedback_app.web.languages import local_path
from tests.conftest import settings_for
from tests.console import PASSWORD, account, csrf, sign_in, submit

NEW = {"login": "WangFang", "name": "王芳", "password": "wiesengrund-9", "password_again": "wiesengrund-9"}


def later(runtime: Runtime, **step: float) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(**step))


def link(runtime: Runtime, role: str = "admin", account_id: int | None = None) -> str:
    with runtime.transaction() as session:
        return accounts.make_setup_link(session, role, runtime.now(), account_id=account_id)


def try_password(client: FlaskClient, password: str, login: str = "admin", **fields: str) -> int:
    return submit(client, "/admin/sign-in", {"login": login, "password": password, **fields}).status_code


def home(client: FlaskClient) -> int:
    return client.get("/admin/").status_code


def test_the_first_administrator_is_made_once_and_is_signed_in(client: FlaskClient, runtime: Runtime) -> None:
    token = link(runtime)
    assert client.get(f"/admin/setup/{token}").status_code == 200
    assert submit(client, f"/admin/setup/{token}", NEW).status_code == 303
    assert "王芳" in client.get("/admin/").text
    assert client.get(f"/admin/setup/{token}").status_code == 410
    with runtime.reading() as session:
        made = session.query(Account).one()
        assert (made.login, made.role) == ("wangfang", "admin")
        assert made.password_hash.startswith("$argon2id$")
        assert audit.first_broken(session) is None


def test_a_link_dies_after_a_day(client: FlaskClient, runtime: Runtime) -> None:
    token = link(runtime)
    later(runtime, hours=24)
    assert client.get(f"/admin/setup/{token}").status_code == 410
    assert client.get("/admin/setup/never-made").status_code == 410


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "short", "password_again": "short"}, "至少 10 个字符"),
        ({"password": "1234567890", "password_again": "1234567890"}, "太常见"),
        ({"password": "wangfang123", "password_again": "wangfang123"}, "登录名一样"),
        ({"password_again": "other"}, "不一样"),
        ({"login": "a b"}, "登录名要"),
    ],
)
def test_what_cannot_be_accepted_keeps_link_and_text(
    client: FlaskClient, runtime: Runtime, change: dict[str, str], words: str
) -> None:
    token = link(runtime)
    page = submit(client, f"/admin/setup/{token}", {**NEW, **change})
    assert page.status_code == 400
    assert words in page.text
    assert 'value="王芳"' in page.text
    with runtime.reading() as session:
        assert session.query(Account).count() == 0
        accounts.open_link(session, token, runtime.now())


def test_a_link_for_a_new_password_ends_the_old_one(app: Flask, runtime: Runtime) -> None:
    who = account(runtime)
    signed_in, other = app.test_client(), app.test_client()
    sign_in(signed_in, runtime)
    token = link(runtime, account_id=who.id)
    submit(other, f"/admin/setup/{token}", NEW)
    assert home(other) == 200
    assert home(signed_in) == 302
    assert try_password(app.test_client(), PASSWORD) == 401
    with runtime.reading() as session:
        assert session.query(Account).count() == 1


def test_signing_in_goes_where_one_wanted_to_go(client: FlaskClient, runtime: Runtime) -> None:
    account(runtime)
    refused = client.get("/admin/password")
    assert refused.status_code == 302
    assert refused.headers["Location"] == "/admin/sign-in?next=/admin/password"
    back = submit(client, "/admin/sign-in", {"login": " ADMIN ", "password": PASSWORD, "next": "/admin/password"})
    assert back.headers["Location"] == "/admin/password"


@pytest.mark.parametrize(
    "foreign",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "/a\n/b", "javascript:alert(1)"],
)
def test_nobody_is_sent_to_a_foreign_site(client: FlaskClient, runtime: Runtime, foreign: str) -> None:
    account(runtime)
    back = submit(client, "/admin/sign-in", {"login": "admin", "password": PASSWORD, "next": foreign})
    assert back.headers["Location"] == "/admin/"
    assert client.get("/language/en", query_string={"next": foreign}).headers["Location"] == "/"


@given(st.text(alphabet="/\\.:@a\n\t?#", max_size=8))
def test_local_paths_stay_local(wished: str) -> None:
    kept = local_path(wished, "/")
    assert kept.startswith("/")
    assert not kept.startswith(("//", "/\\"))
    assert "\\" not in kept


def test_five_wrong_ones_rest_the_login_for_fifteen_minutes(client: FlaskClient, runtime: Runtime) -> None:
    account(runtime)
    assert [try_password(client, "wrong") for _ in range(5)] == [401] * 5
    assert try_password(client, PASSWORD) == 401
    later(runtime, minutes=14, seconds=50)
    assert try_password(client, PASSWORD) == 401
    later(runtime, seconds=11)
    assert try_password(client, PASSWORD) == 303
    with runtime.reading() as session:
        actions = [entry.action for entry in session.query(AuditEntry)]
    assert actions == ["account.locked", "account.signed_in"]


def test_a_known_and_an_unknown_login_look_the_same(app: Flask, runtime: Runtime) -> None:
    account(runtime)
    seen = []
    for login in ("admin", "nobody"):
        client = app.test_client()
        pages = [submit(client, "/admin/sign-in", {"login": login, "password": "wrong"}) for _ in range(7)]
        seen.append([(page.status_code, "停用 15 分钟" in page.text) for page in pages])
    assert seen[0] == seen[1] == [(401, True)] * 7


def test_the_right_password_forgets_the_wrong_ones(client: FlaskClient, runtime: Runtime) -> None:
    account(runtime)
    for _ in range(3):
        assert [try_password(client, "wrong") for _ in range(4)] == [401] * 4
        assert try_password(client, PASSWORD) == 303


def test_parallel_guesses_do_not_pass_the_limit(runtime: Runtime) -> None:
    account(runtime)
    attempts = []
    for _ in range(20):  # all begin before any is looked at
        with runtime.transaction() as session:
            attempts.append(accounts.begin_attempt(session, "admin", runtime.settings.security, runtime.now()))
    assert sum(attempt.password_hash is not None for attempt in attempts) == 5


def test_idle_sign_ins_end_and_busy_ones_do_not(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    for _ in range(3):
        later(runtime, minutes=29)
        assert home(client) == 200
    later(runtime, minutes=31)
    assert home(client) == 302


def test_signing_out_ends_the_token_not_only_the_cookie(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    with client.session_transaction() as cookie:
        kept = cookie["console"]
    submit(client, "/admin/sign-out")
    with client.session_transaction() as cookie:
        cookie["console"] = kept
    assert home(client) == 302


def test_a_new_password_ends_all_other_sign_ins(app: Flask, runtime: Runtime) -> None:
    browsers = [app.test_client() for _ in range(8)]
    for browser in browsers:
        sign_in(browser, runtime)
    change = {"old_password": PASSWORD, "password": "Sommer-Regen", "password_again": "Sommer-Regen"}
    assert submit(browsers[0], "/admin/password", change).status_code == 303
    assert [home(browser) for browser in browsers] == [200] + [302] * 7
    assert try_password(app.test_client(), PASSWORD) == 401
    assert try_password(app.test_client(), "Sommer-Regen") == 303


def test_changing_needs_the_old_password(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    change = {"old_password": "guess", "password": "Sommer-Regen", "password_again": "Sommer-Regen"}
    page = submit(client, "/admin/password", change)
    assert (page.status_code, "没有改动" in page.text) == (400, True)


def test_what_was_planted_in_the_browser_before_is_dropped(client: FlaskClient, runtime: Runtime) -> None:
    account(runtime)
    before = csrf(client)
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        cookie["console"] = "chosen-by-somebody-else"
    try_password(client, PASSWORD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["console"] != "chosen-by-somebody-else"
    assert client.post("/admin/sign-out", data={"csrf_token": before}).status_code == 400


def test_a_deactivated_account_is_out_at_once(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime, "office")
    who = account(runtime, "office")
    with runtime.transaction() as session:
        accounts.set_active(session, who.id, False, runtime.now(), by="admin")
    assert home(client) == 302
    assert try_password(client, PASSWORD, "office") == 401


def test_a_used_link_cannot_be_used_by_a_second_person(runtime: Runtime) -> None:
    token = link(runtime)
    wanted = accounts.NewAccount("one", "", "wiesengrund-9")
    with runtime.transaction() as session:
        accounts.create_by_link(session, token, wanted, runtime.settings.security, runtime.now())
    with runtime.transaction() as session, pytest.raises(Gone):
        accounts.create_by_link(session, token, wanted, runtime.settings.security, runtime.now())


def test_without_the_hidden_token_nothing_happens(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    page = client.post("/admin/sign-out")
    assert (page.status_code, "返回上一页" in page.text) == (400, True)
    assert home(client) == 200


def test_the_cookie_is_shut(runtime: Runtime, tmp_path: Path) -> None:
    plain = create_app(runtime.settings).test_client().get("/admin/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    public = settings_for(
        tmp_path,
        server={"base_url": "https://stars.hospital.example"},
        sandbox={"clock_file": ""},
        security={"hashing": "normal"},
    )
    secure = create_app(public).test_client().get("/admin/sign-in", base_url="https://stars.hospital.example")
    assert secure.headers["Set-Cookie"].startswith("__Host-stars=")
    assert "Secure" in secure.headers["Set-Cookie"]


def test_tokens_are_not_in_the_database(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    with client.session_transaction() as cookie, runtime.reading() as session:
        assert session.query(SignIn).one().token_hash != cookie["console"]


@given(login=st.text(min_size=2, max_size=20), password=st.text(max_size=200))
def test_every_accepted_password_is_long_and_not_the_login(login: str, password: str) -> None:
    if rules.problem(password, login) is None:
        assert len(password) >= 10 or (len(password) >= 8 and rules.classes(password) >= 3)
        assert rules.fold(password) != rules.fold(login)
