"""The complaints office: what may be done when, a history that only grows, and a contact that is not looked at unseen."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app import clock
from feedback_app.db.audit import AuditEntry
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import complaints as rules
from feedback_app.errors import Conflict
from feedback_app.services import complaints, own_cases
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from tests.console import sign_in, submit

ACTIONS = (rules.NOTE, rules.ANSWER, rules.CLOSE, rules.REOPEN, rules.WITHDRAW)
TODAY = date(2026, 11, 20)


@given(st.lists(st.sampled_from(ACTIONS)), st.sampled_from(["complaint", "question", "suggestion", "praise"]))
def test_nothing_that_awaits_an_answer_is_closed_without_one(steps: list[str], kind: str) -> None:
    state, answered = "open", False
    for step in steps:
        try:
            state = rules.after(state, kind, step)
        except Conflict:
            assert step not in rules.moves(state, kind)
            continue
        answered = answered or step == rules.ANSWER
        if state == "closed" and kind not in rules.CLOSABLE_UNANSWERED:
            assert answered
    assert state in rules.MOVES


@given(st.sampled_from(sorted(rules.MOVES)), st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_only_open_cases_with_a_past_date_are_overdue(state: str, due_on: date | None) -> None:
    near = rules.nearness(state, due_on, TODAY)
    assert (near.word == rules.OVERDUE) == (state == "open" and due_on is not None and due_on < TODAY)
    assert near.days >= 0


@pytest.fixture
def case(runtime: Runtime) -> str:
    """The number of an open complaint about 3号收费窗口, with a contact left."""
    with runtime.transaction() as session:
        point = session.query(ServicePoint).filter_by(key="W03").one()
        contact = runtime.vault.seal("139 0000 7788")
        filing = Filing("等了两个小时 <b>没人</b>", "form", "o1", point_id=point.id, contact_sealed=contact)
        return complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""


def seen(runtime: Runtime, number: str) -> int:
    with runtime.reading() as session:
        return session.query(Case).filter_by(number=number).one().events[-1].id


def state(runtime: Runtime, number: str) -> str:
    with runtime.reading() as session:
        return session.query(Case).filter_by(number=number).one().state


def step(client: FlaskClient, runtime: Runtime, number: str, action: str, text: str, at: int | None = None) -> int:
    fields = {"action": action, "text": text, "seen": seen(runtime, number) if at is None else at}
    return submit(client, f"/admin/complaints/{number}", fields).status_code


def test_answer_then_close_then_reopen(client: FlaskClient, runtime: Runtime, case: str) -> None:
    sign_in(client, runtime, "office")
    assert step(client, runtime, case, "closed", "") == 409
    assert step(client, runtime, case, "answered", "已加开一个窗口。") == 303
    assert step(client, runtime, case, "closed", "") == 303
    assert state(runtime, case) == "closed"
    assert step(client, runtime, case, "reopened", "患者又来电") == 303
    page = client.get(f"/admin/complaints/{case}").text
    assert [words in page for words in ("已加开一个窗口。", "患者又来电", "等了两个小时 &lt;b&gt;没人")] == [True] * 3
    with runtime.reading() as session:
        written = [(entry.actor, entry.action, entry.subject) for entry in session.query(AuditEntry)]
    assert written == [("office", f"case.{action}", case) for action in ("answered", "closed", "reopened")]


def dates(runtime: Runtime, number: str) -> tuple[date | None, datetime | None]:
    with runtime.reading() as session:
        found = session.query(Case).filter_by(number=number).one()
        return found.due_on, found.closed_at


def test_opened_again_the_date_is_counted_from_that_day(client: FlaskClient, runtime: Runtime, case: str) -> None:
    """Otherwise a case that was dealt with in time would be overdue in the moment it is opened again."""
    sign_in(client, runtime, "office")
    first, _ = dates(runtime, case)
    assert step(client, runtime, case, "answered", "已加开一个窗口。") == 303
    later = runtime.now() + timedelta(days=14)
    clock.move(Path(runtime.settings.sandbox.clock_file), later)
    sign_in(client, runtime, "office")
    assert step(client, runtime, case, "reopened", "患者又来电") == 303
    again, _ = dates(runtime, case)
    assert first is not None
    assert again == first + timedelta(days=14)  # the same weekday, no holidays between


def test_a_note_does_not_close_a_case_anew(client: FlaskClient, runtime: Runtime, case: str) -> None:
    sign_in(client, runtime, "office")
    for action, text in (("answered", "已加开一个窗口。"), ("closed", "")):
        assert step(client, runtime, case, action, text) == 303
    _, closed_at = dates(runtime, case)
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(minutes=5))
    assert step(client, runtime, case, "noted", "归档") == 303
    assert closed_at is not None
    assert dates(runtime, case)[1] == closed_at


def test_numbers_go_on_after_9999(runtime: Runtime, case: str) -> None:
    for known, following in (("T-2611-9999", "T-2611-10000"), (None, "T-2611-10001")):
        with runtime.transaction() as session:
            if known:
                session.query(Case).filter_by(number=case).one().number = known
            filing = Filing("等了很久", "form", f"after {known}")
            assert complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number == following


def test_the_patient_reads_the_answer_and_never_a_note(client: FlaskClient, runtime: Runtime, case: str) -> None:
    sign_in(client, runtime, "office")
    for action, text in (
        ("noted", "只给同事看"),
        ("answered", "已加开一个窗口。"),
        ("noted", "再提醒一次班长"),
        ("closed", ""),
    ):
        assert step(client, runtime, case, action, text) == 303
    with runtime.reading() as session:
        mine = session.query(Case).filter_by(number=case).one()
        assert own_cases.last_answer(session, mine) == "已加开一个窗口。"


def test_two_people_at_one_case_do_not_overwrite_each_other(client: FlaskClient, runtime: Runtime, case: str) -> None:
    sign_in(client, runtime, "office")
    before = seen(runtime, case)
    assert step(client, runtime, case, "noted", "先去了解一下", before) == 303
    fields = {"action": "answered", "text": "我写了很久的答复", "seen": before}
    page = submit(client, f"/admin/complaints/{case}", fields)
    assert page.status_code == 409
    assert "我写了很久的答复</textarea>" in page.text
    assert state(runtime, case) == "open"


@pytest.mark.parametrize("text", ["", "  \n", "长" * 2001])
def test_an_answer_needs_words_and_too_many_are_kept(
    client: FlaskClient, runtime: Runtime, case: str, text: str
) -> None:
    sign_in(client, runtime, "office")
    page = submit(
        client, f"/admin/complaints/{case}", {"action": "answered", "text": text, "seen": seen(runtime, case)}
    )
    assert page.status_code == 400
    assert text in page.text


def test_the_inbox_shows_what_is_late_and_finds_words(client: FlaskClient, runtime: Runtime, case: str) -> None:
    sign_in(client, runtime, "office")
    assert "已过期" not in client.get("/admin/complaints").text
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(days=9))
    sign_in(client, runtime, "office")
    assert "已过期 2 天" in client.get("/admin/complaints").text
    for found in ("两个小时", case.lower(), "<b>"):
        assert case in client.get("/admin/complaints", query_string={"q": found}).text
    for missed in ("%", "三个小时"):
        assert case not in client.get("/admin/complaints", query_string={"q": missed}).text


@pytest.mark.parametrize(
    "query", ["page=0", "page=99999999999", "page=x", "department=9999", "state=%00", "kind=a&kind=b"]
)
def test_strange_filters_do_no_harm(client: FlaskClient, runtime: Runtime, case: str, query: str) -> None:
    sign_in(client, runtime, "admin")
    assert client.get(f"/admin/complaints?{query}").status_code == 200
    assert client.get(f"/admin/ratings?{query}&period=2026-99&level=7").status_code == 200


def test_what_was_written_outlives_the_sign_in(client: FlaskClient, runtime: Runtime, case: str) -> None:
    sign_in(client, runtime, "office")
    fields = {"action": "answered", "text": "写到一半\n接了个电话", "seen": seen(runtime, case)}
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(minutes=31))
    page = submit(client, f"/admin/complaints/{case}", fields)
    assert page.status_code == 401
    assert "写到一半" in page.text
    kept = page.text.split('name="kept" value="')[1].split('"')[0].replace("&#34;", '"').replace("&lt;", "<")
    again = submit(
        client,
        "/admin/sign-in",
        {"login": "office", "password": "blue-heron-42", "kept": kept, "kept_to": f"/admin/complaints/{case}"},
    )
    assert "写到一半\n接了个电话</textarea>" in again.text
    assert f'action="/admin/complaints/{case}"' in again.text
    assert state(runtime, case) == "open"


@pytest.mark.parametrize(
    ("complainant", "contact", "hint"),
    [("a" * 64, "", "发“进度”就能看到"), (None, "sealed", "按联系方式告诉患者"), (None, "", "打投诉电话报编号时")],
)
def test_the_page_says_how_the_answer_gets_to_this_patient(
    client: FlaskClient, runtime: Runtime, complainant: str | None, contact: str, hint: str
) -> None:
    filing = Filing("排队太久", "form", "o2", complainant_hash=complainant, contact_sealed=contact)
    with runtime.transaction() as session:
        number = complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""
    sign_in(client, runtime, "office")
    assert hint in client.get(f"/admin/complaints/{number}").text
    assert step(client, runtime, number, rules.ANSWER, "已加开窗口。") == 303
    page = client.get(f"/admin/complaints/{number}").text
    assert page.index('value="closed"') < page.index('value="answered"')  # closing is what comes next
