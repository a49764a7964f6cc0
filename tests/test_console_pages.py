"""The rest of the console: home, deliveries, accounts, audit, language."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app.db.audit import AuditEntry
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.services import outbox
from feedback_app.services.runtime import Runtime
from tests.console import account, csrf, sign_in, submit

PAGES = ("/admin/", "/admin/ratings", "/admin/complaints", "/admin/deliveries", "/admin/accounts", "/admin/audit")


@pytest.fixture
def admin(client: FlaskClient, runtime: Runtime) -> FlaskClient:
    sign_in(client, runtime)
    return client


@pytest.fixture
def failed(runtime: Runtime) -> int:
    """The id of a message to 张伟 that failed."""
    with runtime.transaction() as session:
        zhang = session.query(ServicePoint).filter_by(key="D01").one()
        outbox.put(
            session,
            dedupe_key="star:2026-10:D01",
            purpose="star_result",
            channel="wecom",
            recipient=runtime.vault.seal("zhang-wei-userid"),
            payload={"title": "10 月结果", "text": "只给本人看的内容"},
            now=runtime.now() - timedelta(hours=2),
            service_point_id=zhang.id,
        )
        message = session.query(OutboxMessage).one()
        message.state, message.last_error = "failed", "成员不在可见范围"
        return message.id


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_opens_on_an_empty_hospital_in_both_languages(admin: FlaskClient, path: str, language: str) -> None:
    page = admin.get(path, query_string={"lang": language})
    assert page.status_code == 200
    assert ("Sign out" in page.text) == (language == "en")


def test_the_chosen_language_is_remembered(admin: FlaskClient) -> None:
    assert (
        admin.get("/language/en", query_string={"next": "/admin/audit?page=1"}).headers["Location"]
        == "/admin/audit?page=1"
    )
    assert "Audit log" in admin.get("/admin/audit").text
    admin.get("/language/zh")
    assert "审计日志" in admin.get("/admin/audit").text


def test_the_menu_shows_only_what_may_be_opened(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime, "quality")
    page = client.get("/admin/").text
    assert "/admin/ratings" in page
    assert "/admin/complaints" not in page
    assert "/admin/accounts" not in page


def test_a_failed_message_is_sent_again_once(admin: FlaskClient, runtime: Runtime, failed: int) -> None:
    page = admin.get("/admin/deliveries?state=failed").text
    assert [words in page for words in ("张伟", "成员不在可见范围", "10 月结果")] == [True] * 3
    assert "zhang-wei-userid" not in page
    assert "只给本人看的内容" not in page
    for _ in range(2):
        submit(admin, f"/admin/deliveries/{failed}/again", {"back": "/admin/deliveries?state=failed"})
    assert "已再发" in admin.get("/admin/deliveries").text
    with runtime.reading() as session:
        states = [message.state for message in session.query(OutboxMessage).order_by(OutboxMessage.id)]
        assert states == ["failed", "queued"]
        assert session.query(AuditEntry).filter_by(action="delivery.sent_again").count() == 1


def test_home_counts_what_needs_somebody(admin: FlaskClient, failed: int) -> None:
    page = admin.get("/admin/").text
    assert re.search(r"要看一眼的消息</h2>\s*<p class=\"figure\">1</p>", page)
    assert re.search(r"6<small> / 6</small>", page)
    assert "从这里开始" in page


def test_a_colleague_is_invited_and_let_out(app: Flask, admin: FlaskClient, runtime: Runtime) -> None:
    page = submit(admin, "/admin/accounts/invite", {"role": "office"}).text
    found = re.search(r'value="http://127.0.0.1:8000(/admin/setup/[^"]+)"', page)
    assert found
    assert found[1] not in admin.get("/admin/accounts").text
    colleague = app.test_client()
    words = {"login": "lixia", "name": "李霞", "password": "wiesengrund-9", "password_again": "wiesengrund-9"}
    assert submit(colleague, found[1], words).status_code == 303
    assert colleague.get("/admin/complaints").status_code == 200
    assert colleague.get("/admin/accounts").status_code == 403
    who = account(runtime, "office", login="lixia")
    submit(admin, f"/admin/accounts/{who.id}/active", {"active": "0"})
    assert colleague.get("/admin/complaints").status_code == 302


def test_the_last_administrator_stays(admin: FlaskClient, runtime: Runtime) -> None:
    who = account(runtime)
    page = submit(admin, f"/admin/accounts/{who.id}/active", {"active": "0"}, follow_redirects=True)
    assert "最后一位管理员" in page.text
    assert admin.get("/admin/").status_code == 200


def test_a_withdrawn_link_opens_nothing(admin: FlaskClient) -> None:
    page = submit(admin, "/admin/accounts/invite", {"role": "quality"}).text
    path = re.search(r'value="http://127.0.0.1:8000(/admin/setup/[^"]+)"', page)
    stored = re.search(r'name="link" value="([0-9a-f]{64})"', page)
    assert path
    assert stored
    submit(admin, "/admin/accounts/links/withdraw", {"link": stored[1]})
    assert admin.get(path[1]).status_code == 410


def test_the_audit_log_tells_when_it_was_altered(admin: FlaskClient, runtime: Runtime) -> None:
    submit(admin, "/admin/accounts/invite", {"role": "quality"})
    assert "没有被改动" in admin.get("/admin/audit?check=1").text
    with runtime.transaction() as session:
        session.query(AuditEntry).one().actor = "somebody else"
    assert "从第 1 条起" in admin.get("/admin/audit?check=1").text


def test_an_unknown_page_keeps_the_menu_for_whoever_is_signed_in(admin: FlaskClient) -> None:
    page = admin.get("/admin/ratings/987654")
    assert page.status_code == 404
    assert "首页" in page.text
    assert csrf(admin)


def test_home_leads_to_the_bindings_and_to_the_import(admin: FlaskClient) -> None:
    page = admin.get("/admin/").text
    assert 'href=""' not in page
    assert page.count('href="/admin/bindings"') >= 2  # the menu and the card
    assert 'href="/admin/directory/import"' in page


def test_a_message_to_a_department_names_the_department(admin: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction() as session:
        outbox.put(
            session,
            dedupe_key="g1",
            purpose="star_group",
            channel="wecom_group",
            recipient="XN",
            payload={},
            now=runtime.now(),
        )
    assert re.search(r"<td>心血管内科</td>", admin.get("/admin/deliveries").text)
