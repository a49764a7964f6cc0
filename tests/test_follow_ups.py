"""Issue 10, item 3: the discharged are asked on their days, called when they do not answer, and seen to when an answer worries."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app import clock
from feedback_app.app import open_channels
from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.follow_ups import FollowUp
from feedback_app.db.visit_feed import VisitContact
from feedback_app.domain.follow_ups import Plan, dates, plan_for, read_days, read_questions, worries
from feedback_app.errors import Refused
from feedback_app.jobs import Worker
from feedback_app.services import follow_up_plans, follow_ups, visit_feed
from feedback_app.services.follow_up_plans import Wanted
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON, settings_for
from tests.console import account, sign_in, submit
from tests.hospital_systems import visit
from tests.sms_gateways import SmsGateway, gateway

ZONE = ZoneInfo("Asia/Shanghai")
QUESTIONS = "还发烧吗 =是\n按时吃药了吗 =否\n知道何时复诊吗"
CALM, WORRYING = {"q1": "no", "q2": "yes", "q3": "yes"}, {"q1": "yes", "q2": "no", "q3": "unsure"}


@pytest.fixture
def sms() -> Iterator[SmsGateway]:
    with gateway() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, sms: SmsGateway) -> Settings:
    return settings_for(tmp_path, sms={"provider": "gateway", "url": sms.url, "secret": "s"}, canary={"enabled": False})


def at(runtime: Runtime, moment: datetime) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), moment)


def plan(runtime: Runtime, **fields: Any) -> None:
    told = {
        "name": "术后",
        "days": "3, 7",
        "questions": QUESTIONS,
        "caller": "department",
        "call_after_days": 1,
        **fields,
    }
    with runtime.transaction() as session:
        follow_up_plans.add(session, Wanted(**told), by="admin", now=runtime.now())


def discharge(runtime: Runtime, number: int, key: str = "D01", **more: Any) -> None:
    told = {"kind": "inpatient", "phone": f"1390000000{number}", "ended_at": "2026-11-20T10:00:00+08:00", **more}
    with runtime.reading() as session:
        around = visit_feed.surroundings(session)
    ready = visit_feed.prepare(
        around, runtime.vault, [visit(number, key, **told)], told_by="t", zone=ZONE, now=runtime.now()
    )
    with runtime.transaction() as session:
        assert visit_feed.store(session, ready.rows, contact_days=20).stored == 1


def run(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        while follow_ups.work(session, runtime, runtime.now()):
            pass
    Worker(runtime, {"sms": open_channels(runtime)["sms"]}).deliver()


def rows(runtime: Runtime) -> list[FollowUp]:
    with runtime.reading() as session:
        return session.query(FollowUp).order_by(FollowUp.id).all()


def link(sms: SmsGateway, number: int = -1) -> str:
    return sms.sent[number]["text"].split("8000")[1].strip()


def enter(runtime: Runtime, client: FlaskClient, role: str, unit: str = "") -> None:
    who = account(runtime, role)
    if unit:
        from feedback_app.db.directory import ServicePoint

        with runtime.transaction() as session:
            department = session.query(ServicePoint).filter_by(key=unit).one().id
            session.query(Account).filter_by(id=who.id).one().department_id = department
    sign_in(client, runtime, role)


def test_the_discharged_are_asked_on_their_days_and_answer_by_link(
    runtime: Runtime, client: FlaskClient, sms: SmsGateway
) -> None:
    plan(runtime)
    discharge(runtime, 1)
    run(runtime)
    assert [(one.after_days, one.due_on, one.state) for one in rows(runtime)] == [
        (3, date(2026, 11, 23), "planned"), (7, date(2026, 11, 27), "planned"),
    ]  # fmt: skip
    at(runtime, NOON + timedelta(days=3))
    run(runtime)
    assert [one["phone"] for one in sms.sent] == ["13900000001"]
    assert "心血管" not in sms.sent[0]["text"] and "术" not in sms.sent[0]["text"]
    page = client.get(link(sms))
    assert page.status_code == 200 and "还发烧吗" in page.text and "心血管内科" in page.text
    assert client.post(link(sms), data={"q1": "no"}).status_code == 400
    thanks = client.post(link(sms), data={**CALM, "note": "伤口有点痒"})
    assert thanks.status_code == 200 and "好好休息" in thanks.text
    assert client.get(link(sms)).status_code == 410
    first = rows(runtime)[0]
    assert (first.state, first.how, first.worrying, first.case_id) == ("done", "link", False, None)
    assert "痒" not in first.answers_sealed and "痒" in runtime.vault.unseal(first.answers_sealed)


def test_a_worrying_answer_opens_an_urgent_case_with_the_number_to_call(
    runtime: Runtime, client: FlaskClient, sms: SmsGateway
) -> None:
    plan(runtime)
    discharge(runtime, 1)
    at(runtime, NOON + timedelta(days=3))
    run(runtime)
    thanks = client.post(link(sms), data=WORRYING)
    assert "给您打电话" in thanks.text and "120" in thanks.text
    with runtime.reading() as session:
        case = session.query(Case).one()
        assert (case.kind, case.urgency, case.has_contact) == ("question", "urgent", True)
        assert "还发烧吗" in case.text and "13900000001" not in case.text
    assert rows(runtime)[0].case_id == 1


def test_who_does_not_answer_is_called_by_the_department_three_times_at_most(
    runtime: Runtime, client: FlaskClient, sms: SmsGateway
) -> None:
    plan(runtime)
    discharge(runtime, 1)
    discharge(runtime, 2, "D02")
    discharge(runtime, 3, phone="")
    at(runtime, NOON + timedelta(days=3))
    run(runtime)
    assert len(sms.sent) == 2
    enter(runtime, client, "head", "XN")
    assert client.get("/admin/follow-ups").text.count("打电话</a>") == 1  # no phone was told: called at once
    at(runtime, NOON + timedelta(days=4))
    run(runtime)
    enter(runtime, client, "head", "XN")
    page = client.get("/admin/follow-ups").text
    assert page.count("打电话</a>") == 2 and "儿科" not in page
    where = [part.split('"')[0] for part in page.split('class="button primary" href="')[1:]]
    sheet = client.get(where[0]).text
    assert "tel:13900000001" in sheet or "MZ-3" in sheet
    assert submit(client, where[0], {"q1": "no"}).status_code == 400
    assert submit(client, where[0], CALM).status_code == 303
    assert client.get(where[0]).status_code == 404
    for day in (4, 5, 6):
        at(runtime, NOON + timedelta(days=day, minutes=5))
        enter(runtime, client, "head", "XN")
        assert submit(client, where[1], {"not_reached": "1"}).status_code == 303
        assert client.get(where[1]).status_code == 404  # not again on the same day
    states = sorted(one.state for one in rows(runtime) if one.after_days == 3)
    assert states == ["done", "to_call", "unreached"]
    enter(runtime, client, "office")
    at(runtime, NOON + timedelta(days=9))
    enter(runtime, client, "office")
    assert "等了三天以上" in client.get("/admin/follow-ups").text


def test_sensitive_and_unplanned_discharges_are_left_in_peace(runtime: Runtime, sms: SmsGateway) -> None:
    plan(runtime, word="关节")
    discharge(runtime, 1, diagnosis_group="膝关节置换")
    discharge(runtime, 2, diagnosis_group="膝关节置换", outcome="loss")
    discharge(runtime, 3, diagnosis_group="肺炎")
    run(runtime)
    assert {one.visit_id for one in rows(runtime)} == {1}
    at(runtime, NOON.replace(hour=14) + timedelta(days=3))  # ten in the evening
    run(runtime)
    assert sms.sent == []


def test_answers_go_with_the_contact(runtime: Runtime, client: FlaskClient, sms: SmsGateway) -> None:
    plan(runtime)
    discharge(runtime, 1)
    at(runtime, NOON + timedelta(days=3))
    run(runtime)
    client.post(link(sms), data=CALM)
    with runtime.transaction() as session:
        assert visit_feed.forget(session, zone=ZONE, now=NOON + timedelta(days=36)) == 0  # the last day plus a month
        assert visit_feed.forget(session, zone=ZONE, now=NOON + timedelta(days=37)) == 1
        assert (session.query(VisitContact).count(), follow_ups.forget(session)) == (0, 1)
    assert rows(runtime)[0].answers_sealed == ""


def test_plans_are_made_in_the_console(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(client, runtime)
    fields = {"name": "术后", "days": "3，7、30", "questions": QUESTIONS, "caller": "office", "call_after_days": "2"}
    for wrong in (
        {"days": "0"},
        {"questions": ""},
        {"questions": "x =maybe"},
        {"name": " "},
        {"caller": "x"},
        {"call_after_days": "99"},
    ):
        refused = submit(client, "/admin/follow-ups/plans", {**fields, **wrong})
        assert refused.status_code == 400 and 'role="alert"' in refused.text, wrong
    assert submit(client, "/admin/follow-ups/plans", fields).status_code == 303
    with runtime.reading() as session:
        kept = follow_up_plans.listed(session)[0]
        assert (kept.days, [one.worrying for one in follow_up_plans.asked(kept)]) == ([3, 7, 30], ["yes", "no", ""])
    assert "答“是”会有人跟进" in client.get("/admin/follow-ups/plans").text
    submit(client, "/admin/follow-ups/plans/1/end")
    assert "还没有方案" in client.get("/admin/follow-ups/plans").text


def test_a_forged_link_leads_to_a_calm_page(runtime: Runtime, client: FlaskClient) -> None:
    for forged in ("x", "0" * 32, runtime.vault.cover(99)):
        assert client.get(f"/f/{forged}").status_code == 410
        assert client.post(f"/f/{forged}", data=CALM).status_code == 410


def test_the_narrowest_plan_comes_first() -> None:
    plans = [Plan(1, None, "", (3,)), Plan(2, 7, "", (3,)), Plan(3, None, "骨", (3,)), Plan(4, 7, "骨", (3,))]
    chosen = [plan_for(plans, unit, group) for unit, group in ((8, ""), (7, ""), (8, "骨折"), (7, "骨折"))]
    assert [one.id for one in chosen if one] == [1, 2, 3, 4]
    assert plan_for(plans[1:2], 8, "") is None


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.lists(st.integers(1, 365), max_size=6), st.integers(-40, 400))
def test_nobody_is_asked_about_a_day_that_is_over(discharged: date, days: list[int], later: int) -> None:
    today = discharged + timedelta(days=later)
    assert all(due >= today and due == discharged + timedelta(days=day) for day, due in dates(discharged, days, today))


def test_what_is_typed_is_read_as_meant() -> None:
    assert read_days("30，3, 7") == [3, 7, 30]
    asked = read_questions("疼吗＝是\n\n睡得好吗 =no")
    assert worries(asked, {"q1": "yes", "q2": "yes"}) == ["疼吗"]
    for wrong in ("", "x", "3,400", "-1", "1,2,3,4,5,6,7"):
        with pytest.raises(Refused):
            read_days(wrong)
