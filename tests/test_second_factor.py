"""The second step: codes from the phone, codes on paper, passkeys; and what an administrator without one may do."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.services import accounts
from feedback_app.services.runtime import Runtime
from tests.conftest import settings_for
from tests.console import PASSWORD, account, csrf, sign_in, submit
from tests.pages import faults, press, width

SECRET = re.compile(r'<input readonly value="([A-Z2-7]+)"')
TICKET = re.compile(r'name="ticket" value="([^"]+)"')
PAPER = re.compile(r"<code>([0-9A-Z-]{14})</code>")


def later(runtime: Runtime, **step: float) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(**step))


def now_code(runtime: Runtime, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(runtime.now().timestamp()) + 30 * steps)


@pytest.fixture
def secret(client: FlaskClient, runtime: Runtime) -> str:
    """The administrator has set codes up; signed out again."""
    sign_in(client, runtime)
    page = client.get("/admin/security/codes").text
    found, ticket = SECRET.search(page), TICKET.search(page)
    assert found and ticket
    done = submit(client, "/admin/security/codes", {"ticket": ticket[1], "code": now_code(runtime, found[1])})
    assert len(PAPER.findall(done.text)) == 10
    client.paper = PAPER.findall(done.text)  # type: ignore[attr-defined]
    submit(client, "/admin/sign-out")
    later(runtime, minutes=1)
    return found[1]


def password(client: FlaskClient) -> str:
    return submit(client, "/admin/sign-in", {"login": "admin", "password": PASSWORD}).text


def second(client: FlaskClient, code: str) -> int:
    return submit(client, "/admin/sign-in/second", {"code": code}).status_code


def inside(client: FlaskClient) -> bool:
    return client.get("/admin/").status_code == 200


def test_the_right_password_alone_opens_nothing(client: FlaskClient, secret: str) -> None:
    assert "动态码" in password(client)
    for path in ("/admin/", "/admin/ratings", "/admin/security", "/admin/accounts", "/admin/confirm"):
        assert client.get(path).status_code == 302, path


def test_the_code_lets_in_once(client: FlaskClient, runtime: Runtime, secret: str) -> None:
    password(client)
    assert second(client, "000000") == 401
    assert second(client, f" {now_code(runtime, secret)[:3]} {now_code(runtime, secret)[3:]} ") == 303
    assert inside(client)
    submit(client, "/admin/sign-out")
    password(client)
    assert second(client, now_code(runtime, secret)) == 401  # seen over a shoulder, it is spent
    assert second(client, now_code(runtime, secret, steps=1)) == 303  # a phone may be half a minute ahead


def test_a_code_of_yesterday_or_of_nobody_is_wrong(client: FlaskClient, runtime: Runtime, secret: str) -> None:
    password(client)
    assert second(client, now_code(runtime, secret, steps=-2)) == 401
    assert second(client, "") == 401
    assert second(client, "９" * 2000) == 401
    assert not inside(client)


def test_five_wrong_codes_and_it_rests(client: FlaskClient, runtime: Runtime, secret: str) -> None:
    password(client)
    for _ in range(5):
        assert second(client, "000000") == 401
    assert second(client, now_code(runtime, secret)) == 401
    later(runtime, minutes=16)
    password(client)
    assert second(client, now_code(runtime, secret)) == 303


def test_halfway_does_not_last(client: FlaskClient, runtime: Runtime, secret: str) -> None:
    password(client)
    later(runtime, minutes=11)
    assert second(client, now_code(runtime, secret)) == 303
    assert not inside(client)
    assert second(client.application.test_client(), now_code(runtime, secret)) == 303  # nobody said a password here
    assert not inside(client)


def test_a_paper_code_works_once(client: FlaskClient, runtime: Runtime, secret: str) -> None:
    paper: list[str] = client.paper  # type: ignore[attr-defined]
    password(client)
    assert second(client, paper[0].lower().replace("-", " ")) == 303
    assert "还剩 9 个" in client.get("/admin/security").text
    submit(client, "/admin/sign-out")
    password(client)
    assert second(client, paper[0]) == 401
    assert second(client, paper[1]) == 303


def test_what_was_being_written_survives_both_steps(client: FlaskClient, runtime: Runtime, secret: str) -> None:
    kept = json.dumps([["note", "很长的一段话"]], ensure_ascii=False)
    fields = {"login": "admin", "password": PASSWORD, "kept": kept, "kept_to": "/admin/complaints"}
    page = submit(client, "/admin/sign-in", fields).text
    assert "很长的一段话" in page
    again = submit(client, "/admin/sign-in/second", {"code": "1", "kept": kept, "kept_to": "/admin/complaints"})
    assert "很长的一段话" in again.text
    code = now_code(runtime, secret)
    done = submit(client, "/admin/sign-in/second", {"code": code, "kept": kept, "kept_to": "/admin/complaints"})
    assert "很长的一段话" in done.text and 'action="/admin/complaints"' in done.text


def test_a_new_password_by_link_also_ends_the_second_step(client: FlaskClient, runtime: Runtime, secret: str) -> None:
    """For whoever lost the phone and the paper: a colleague's link starts afresh, and the log says so."""
    who = account(runtime)
    with runtime.transaction() as session:
        token = accounts.make_setup_link(session, "admin", runtime.now(), account_id=who.id)
    fields = {"password": "wiesengrund-9", "password_again": "wiesengrund-9"}
    assert submit(client, f"/admin/setup/{token}", fields).status_code == 303
    assert "关闭第二步验证" in client.get("/admin/audit").text


def test_a_wrong_first_code_keeps_the_same_picture(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    page = client.get("/admin/security/codes").text
    found, ticket = SECRET.search(page), TICKET.search(page)
    assert found and ticket
    again = submit(client, "/admin/security/codes", {"ticket": ticket[1], "code": "123"})
    assert (again.status_code, SECRET.findall(again.text)) == (400, [found[1]])


def test_another_accounts_ticket_switches_nothing_on(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime, "quality")
    page = client.get("/admin/security/codes").text
    found, ticket = SECRET.search(page), TICKET.search(page)
    assert found and ticket
    other = client.application.test_client()
    sign_in(other, runtime)
    done = submit(other, "/admin/security/codes", {"ticket": ticket[1], "code": now_code(runtime, found[1])})
    assert done.status_code == 400


def test_the_secret_is_sealed(runtime: Runtime, client: FlaskClient, secret: str) -> None:
    stored = account(runtime)
    assert secret not in stored.totp_sealed
    assert runtime.vault.unseal(stored.totp_sealed) == secret


class TestTheDaysWithout:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> object:
        return settings_for(tmp_path, security={"second_factor_days": 7})

    def test_a_word_first_and_then_nothing_else(self, client: FlaskClient, runtime: Runtime) -> None:
        sign_in(client, runtime)
        assert "第二步验证" in client.get("/admin/").text
        later(runtime, days=7)
        sign_in(client, runtime)
        assert client.get("/admin/").headers["Location"] == "/admin/security/codes"
        assert client.get("/admin/security/codes").status_code == 200
        sent = client.post(
            "/admin/accounts/invite", data={"csrf_token": csrf(client, "/admin/security"), "role": "admin"}
        )
        assert (sent.status_code, "第二步验证" in sent.text) == (403, True)

    def test_others_need_not(self, client: FlaskClient, runtime: Runtime) -> None:
        account(runtime, "office")
        later(runtime, days=30)
        sign_in(client, runtime, "office")
        assert inside(client)


def test_what_cannot_be_taken_back_asks_for_the_password_again(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    later(runtime, minutes=11)
    kept = submit(client, "/admin/accounts/invite", {"role": "office"})
    assert (kept.status_code, "请确认是您本人" in kept.text) == (401, True)
    fields = {"kept": '[["role", "office"]]', "kept_to": "/admin/accounts/invite"}
    assert submit(client, "/admin/confirm", {**fields, "password": "wrong"}).status_code == 401
    resumed = submit(client, "/admin/confirm", {**fields, "password": PASSWORD})
    assert 'action="/admin/accounts/invite"' in resumed.text
    assert "/admin/setup/" in submit(client, "/admin/accounts/invite", {"role": "office"}).text


def test_signing_out_elsewhere(client: FlaskClient, app: Flask, runtime: Runtime) -> None:
    other = app.test_client()
    sign_in(other, runtime)
    sign_in(client, runtime)
    assert client.get("/admin/security").text.count("<tr>") == 3
    submit(client, "/admin/security/elsewhere")
    assert inside(client) and not inside(other)


def test_a_new_browser_is_told_once(client: FlaskClient, app: Flask, runtime: Runtime) -> None:
    account(runtime)
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36"}
    stranger = app.test_client()
    fields = {"csrf_token": csrf(stranger), "login": "admin", "password": PASSWORD}
    assert stranger.post("/admin/sign-in", data=fields, headers=agent).status_code == 303
    sign_in(client, runtime)
    assert "Chrome · Windows" in client.get("/admin/").text
    submit(client, "/admin/security/new-browser")
    assert "Chrome · Windows" not in client.get("/admin/").text
    submit(stranger, "/admin/sign-out")
    fields["csrf_token"] = csrf(stranger)
    assert stranger.post("/admin/sign-in", data=fields, headers=agent).status_code == 303
    assert "Chrome · Windows" not in client.get("/admin/").text


def test_guessing_strangers_do_not_lock_the_owner_out(client: FlaskClient, app: Flask, runtime: Runtime) -> None:
    account(runtime)
    assert submit(client, "/admin/sign-in", {"login": "admin", "password": PASSWORD}).status_code == 303
    submit(client, "/admin/sign-out")
    for _ in range(6):
        submit(app.test_client(), "/admin/sign-in", {"login": "admin", "password": "guess"})
    assert submit(app.test_client(), "/admin/sign-in", {"login": "admin", "password": PASSWORD}).status_code == 401
    assert submit(client, "/admin/sign-in", {"login": "Admin", "password": PASSWORD}).status_code == 303


@pytest.fixture
def passkey_server(tmp_path: Path, runtime: Runtime) -> Iterator[str]:
    """The same database behind an address that a browser accepts for passkeys."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    app = create_app(settings_for(tmp_path, server={"base_url": address}))
    made = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=made.serve_forever)
    thread.start()
    yield address
    made.shutdown()
    thread.join()
    made.server_close()
    app.extensions["service_star"].close()


@pytest.mark.browser
def test_a_passkey_in_a_real_browser(desk: Page, passkey_server: str, runtime: Runtime) -> None:
    account(runtime)
    device = desk.context.new_cdp_session(desk)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    desk.goto(f"{passkey_server}/admin/sign-in")
    desk.get_by_label("登录名").fill("admin")
    desk.get_by_label("密码").fill(PASSWORD)
    press(desk.get_by_role("button", name="登录", exact=True))
    desk.goto(f"{passkey_server}/admin/security")
    assert faults(desk) == []
    press(desk.get_by_role("link", name="添加通行密钥"))
    desk.get_by_label("起个名字").fill("办公室电脑")
    press(desk.get_by_role("button", name="添加通行密钥"))
    expect(desk.get_by_text("办公室电脑")).to_be_visible()
    expect(desk.locator(".paper-codes li")).to_have_count(10)
    press(desk.get_by_role("button", name="退出").first)
    desk.get_by_label("登录名").fill("admin")
    desk.get_by_label("密码").fill(PASSWORD)
    press(desk.get_by_role("button", name="登录", exact=True))
    expect(desk.get_by_role("heading", level=1)).to_have_text("请输入动态码")
    press(desk.get_by_role("button", name="用通行密钥登录"))
    expect(desk.get_by_role("heading", level=1)).to_have_text("王芳，您好")
    press(desk.get_by_role("button", name="退出").first)
    press(desk.get_by_role("button", name="用通行密钥登录"))  # without the password: the key stands for both
    expect(desk.get_by_role("heading", level=1)).to_have_text("王芳，您好")


@pytest.mark.parametrize(
    "answer", ["", "[]", "{}", '{"id": "x"}', '{"id": 1, "response": 2}', "x" * 30_000, '{"id": "é"}']
)
def test_no_passkey_no_door(passkey_server: str, app: Flask, runtime: Runtime, answer: str) -> None:
    account(runtime)
    client = app.test_client()
    assert submit(client, "/admin/sign-in/passkey", {"answer": answer}).status_code == 401


@pytest.mark.browser
def test_the_pages_are_accessible_and_fit(desk: Page, server: str, client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    cookie = client.get_cookie(client.application.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    desk.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server}])
    for path in ("security", "security/codes", "confirm", "password"):
        desk.set_viewport_size({"width": 1440, "height": 900})
        desk.goto(f"{server}/admin/{path}")
        assert faults(desk) == []
        desk.set_viewport_size({"width": 390, "height": 844})
        assert width(desk) <= 390
