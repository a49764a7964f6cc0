"""Issue 10, item 2 and shown by 1: whoever was here is asked once, quietly, and by nobody who was asked not to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app import clock
from feedback_app.app import open_channels
from feedback_app.db.invitations import Invitation
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Person
from feedback_app.db.ratings import Rating
from feedback_app.db.visit_feed import HospitalVisit
from feedback_app.domain import tickets as ticket_rules
from feedback_app.domain.invitations import Rule, goes_out, is_opt_out, rule_for
from feedback_app.domain.periods import Month
from feedback_app.jobs import Worker
from feedback_app.services import invitation_figures, invitation_rules, visit_feed, visit_invitations
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON, settings_for
from tests.console import csrf, sign_in, submit
from tests.hospital_systems import Program, key_of, visit
from tests.sms_gateways import SmsGateway, gateway

ZONE = ZoneInfo("Asia/Shanghai")
PLAIN = Rule(0, (), None, 2, "21:00", "08:00", ("sms",))


@pytest.fixture
def sms() -> Iterator[SmsGateway]:
    with gateway() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, sms: SmsGateway) -> Settings:
    return settings_for(tmp_path, sms={"provider": "gateway", "url": sms.url, "secret": "s"}, canary={"enabled": False})


def at(runtime: Runtime, moment: datetime | str) -> datetime:
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    clock.move(Path(runtime.settings.sandbox.clock_file), when)
    return when


def rule(runtime: Runtime, **fields: Any) -> int:
    from dataclasses import replace

    with runtime.transaction() as session:
        return invitation_rules.save(session, "门诊", replace(PLAIN, **fields), by="admin", now=runtime.now())


def tell(runtime: Runtime, *visits: dict[str, Any]) -> None:
    with runtime.reading() as session:
        around = visit_feed.surroundings(session)
    ready = visit_feed.prepare(around, runtime.vault, visits, told_by="t", zone=ZONE, now=runtime.now())
    assert ready.problems == ()
    with runtime.transaction() as session:
        visit_feed.store(session, ready.rows, contact_days=60)


def invite(runtime: Runtime) -> None:
    """Everything that is due now: decided, sent, followed up."""
    sender = Worker(runtime, {"sms": open_channels(runtime)["sms"]})
    for _ in range(2):
        with runtime.transaction() as session:
            while visit_invitations.work(session, runtime, runtime.now()):
                pass
        sender.deliver()
    with runtime.transaction() as session:
        visit_invitations.work(session, runtime, runtime.now())


def why(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        return [one.not_invited for one in session.query(HospitalVisit).order_by(HospitalVisit.id)]


def patient(number: int, phone: str = "13800000001", **more: Any) -> dict[str, Any]:
    return visit(number, patient=f"P{phone}", phone=phone, ended_at="2026-11-20T11:00:00+08:00", **more)


def test_an_invitation_leads_to_a_verified_rating_that_counts_once(
    runtime: Runtime, client: FlaskClient, sms: SmsGateway
) -> None:
    rule(runtime)
    tell(runtime, patient(1))
    invite(runtime)
    assert sms.sent == []  # two hours are not over
    at(runtime, NOON + timedelta(hours=1, minutes=5))
    invite(runtime)
    assert [one["phone"] for one in sms.sent] == ["13800000001"]
    assert "TD" in sms.sent[0]["text"] and "张" not in sms.sent[0]["text"] and "内科" not in sms.sent[0]["text"]
    link = sms.sent[0]["text"].split("8000")[1].strip()
    for expected in ("counted", "repeat"):
        form = client.get(link, follow_redirects=True)
        assert form.status_code == 200 and "已认出" in form.text
        fields = {
            name: form.text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("key", "visit")
        }  # fmt: skip
        action = form.request.path
        sent = client.post(action, data={**fields, "overall": "4"})
        assert sent.status_code == 303, sent.text
        with runtime.reading() as session:
            last = session.query(Rating).order_by(Rating.id.desc()).first()
        assert last is not None and last.status == expected
    with runtime.reading() as session:
        first, second = session.query(Rating).order_by(Rating.id)
        figures = invitation_figures.of_days(session, NOON.date(), NOON.date(), ZONE)
    assert (first.verified, first.verified_how, second.why_not) == (True, "visit_sms", "same_visit")
    way = figures.ways[1]
    assert (way.channel, way.invited, way.reached, way.answered, way.rate) == ("sms", 1, 1, 1, 1.0)


def test_who_is_not_invited_and_why(runtime: Runtime, sms: SmsGateway) -> None:
    rule(runtime, kinds=("outpatient",))
    tell(
        runtime,
        patient(1, "13800000001", outcome="loss"),
        patient(2, "13800000002", age=9),
        patient(3, "13800000003", kind="emergency"),
        visit(4, patient="P4", ended_at="2026-11-20T11:00:00+08:00"),
        patient(5, "13800000005"),
        patient(6, "13800000005"),
        patient(7, "13800000007"),
        patient(8, "13800000008", age=9, with_guardian=True),
    )
    with runtime.transaction() as session:
        assert visit_invitations.reply(session, runtime.vault, "+86 138 0000 0007", " Td。", NOON)
    at(runtime, NOON + timedelta(hours=2))
    invite(runtime)
    assert why(runtime) == ["quiet", "quiet", "no_rule", "no_contact", "", "lately", "silence", ""]
    assert sorted(one["phone"] for one in sms.sent) == ["13800000005", "13800000008"]
    at(runtime, NOON + timedelta(days=29))
    tell(runtime, {**patient(9, "13800000005"), "ended_at": "2026-12-19T08:00:00+08:00"})
    invite(runtime)
    at(runtime, NOON + timedelta(days=31))
    tell(runtime, {**patient(10, "13800000005"), "ended_at": "2026-12-21T08:00:00+08:00"})
    invite(runtime)
    assert why(runtime)[-2:] == ["lately", ""]
    assert len(sms.sent) == 3


def test_nothing_goes_out_in_quiet_hours_and_silence_asked_for_meanwhile_holds(
    runtime: Runtime, sms: SmsGateway
) -> None:
    rule(runtime, after_hours=0)
    at(runtime, "2026-11-20T22:00+08:00")
    tell(runtime, *({**patient(n, f"1380000000{n}"), "ended_at": "2026-11-20T21:50:00+08:00"} for n in (1, 2)))
    invite(runtime)
    assert sms.sent == []
    with runtime.transaction() as session:
        visit_invitations.reply(session, runtime.vault, "13800000001", "退订", runtime.now())
    at(runtime, "2026-11-21T08:01+08:00")
    invite(runtime)
    assert [one["phone"] for one in sms.sent] == ["13800000002"] and why(runtime) == ["silence", ""]


def test_one_reminder_for_those_who_have_not_rated_and_none_after_silence(
    runtime: Runtime, client: FlaskClient, sms: SmsGateway
) -> None:
    rule(runtime, remind_days=3)
    tell(runtime, *(patient(n, f"1380000000{n}") for n in (1, 2, 3)))
    at(runtime, NOON + timedelta(hours=2))
    invite(runtime)
    links = [one["text"].split("8000")[1].strip() for one in sms.sent]
    form = client.get(links[0], follow_redirects=True)
    fields = {name: form.text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("key", "visit")}
    assert client.post(form.request.path, data={**fields, "overall": "5"}).status_code == 303
    assert client.get(f"{links[1]}/stop").status_code == 200
    assert len(sms.sent) == 3
    page = client.post(f"{links[1]}/stop")
    assert page.status_code == 200 and "不再发邀请" in page.text
    for days in (3, 4, 6, 9):
        at(runtime, NOON + timedelta(days=days, hours=3))
        invite(runtime)
    assert [one["phone"] for one in sms.sent[3:]] == ["13800000003"] and "只问这一次" in sms.sent[3]["text"]


def test_what_one_way_refuses_takes_the_next_and_never_two(runtime: Runtime, sms: SmsGateway) -> None:
    rule(runtime, channels=("wechat", "sms"))
    tell(runtime, {**patient(1), "openid": "oABC"}, {**patient(2, "13800000002"), "openid": "oQUIET"})
    with runtime.transaction() as session:
        quiet = Person(hash=runtime.vault.person("oQUIET"), quiet=True, first_seen_at=NOON, last_seen_at=NOON)
        session.add(quiet)
    at(runtime, NOON + timedelta(hours=2))
    with runtime.transaction() as session:
        visit_invitations.work(session, runtime, runtime.now())
        message = session.query(OutboxMessage).filter_by(channel="official_account").one()
        assert runtime.vault.unseal(message.recipient) == "oABC"
        message.state = "failed"
    invite(runtime)
    assert [one["phone"] for one in sms.sent] == ["13800000001"] and why(runtime) == ["", "silence"]
    with runtime.reading() as session:
        one = session.query(Invitation).one()
    assert (one.channel, one.state) == ("sms", "sent")


def test_a_gateway_that_is_busy_is_asked_again_and_one_that_refuses_is_not(runtime: Runtime, sms: SmsGateway) -> None:
    rule(runtime)
    tell(runtime, patient(1), patient(2, "13800000002"))
    sms.code = 1
    at(runtime, NOON + timedelta(hours=2))
    invite(runtime)
    sms.code = 0
    at(runtime, NOON + timedelta(hours=2, minutes=3))
    invite(runtime)
    assert len(sms.sent) == 2
    tell(runtime, patient(3, "13800000003"))
    sms.code = 2
    invite(runtime)
    with runtime.reading() as session:
        assert [one.state for one in session.query(Invitation).order_by(Invitation.id)] == ["sent", "sent", "failed"]


def test_after_an_outage_of_days_nobody_is_asked_about_long_ago(runtime: Runtime, sms: SmsGateway) -> None:
    rule(runtime)
    tell(runtime, patient(1))
    at(runtime, NOON + timedelta(days=4))
    invite(runtime)
    assert sms.sent == [] and why(runtime) == ["too_late"]


def test_slips_are_printed_at_the_window_and_handed_out_once(runtime: Runtime, client: FlaskClient, point: Any) -> None:
    rule(runtime, channels=("slip",), after_hours=0)
    tell(runtime, visit(1, patient="P1", ended_at="2026-11-20T11:59:00+08:00"))
    invite(runtime)
    sign_in(client, runtime)
    number = point("D01").id
    assert f"/admin/invitations/slips/{number}" in client.get("/admin/invitations").text
    page = client.get(f"/admin/invitations/slips/{number}").text
    assert "<svg" in page and "张伟" in page
    slip = page.split('name="slip" value="')[1].split('"')[0]
    told = submit(client, f"/admin/invitations/slips/{number}", {"slip": slip}, follow_redirects=True)
    assert "1 张已记为发出" in told.text
    assert "没有要打印的小票" in client.get(f"/admin/invitations/slips/{number}").text


def test_rules_are_made_and_ended_in_the_console_and_tried_on_last_month(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(client, runtime)
    fields = {
        "name": "门诊四小时", "kind": ["outpatient"], "after_hours": "4", "silent_from": "21:00", "silent_until": "08:00",
        "way0": "sms", "way1": "slip", "remind_days": "3",
    }  # fmt: skip
    for wrong in (
        {"way1": "sms"},
        {"after_hours": "x"},
        {"silent_from": "9"},
        {"name": ""},
        {"kind": "x"},
        {"remind_days": "99"},
    ):
        refused = client.post("/admin/invitations", data={**fields, **wrong, "csrf_token": csrf(client)})
        assert refused.status_code == 400 and 'role="alert"' in refused.text, wrong
    assert submit(client, "/admin/invitations", fields).status_code == 303
    past = [
        visit(1, patient="P1", phone="13800000001", ended_at="2026-10-02T10:00:00+08:00"),
        visit(2, patient="P1", phone="13800000001", ended_at="2026-10-20T10:00:00+08:00"),
        visit(3, patient="P2", phone="13800000002", ended_at="2026-10-20T10:00:00+08:00", outcome="loss"),
        visit(4, ended_at="2026-10-20T10:00:00+08:00"),
    ]
    tell(runtime, *past)
    with runtime.reading() as session:
        told = invitation_figures.rehearse(session, Month(2026, 10), ZONE, NOON)
        assert session.query(Invitation).count() == 0
    assert (told.visits, dict(told.invited)) == (4, {"门诊四小时": 1})
    assert dict(told.not_invited) == {"lately": 1, "quiet": 1, "no_contact": 1}
    assert "门诊四小时" in client.get("/admin/invitations/rehearsal").text
    submit(client, "/admin/invitations/rules/1/end")
    assert "还没有规则" in client.get("/admin/invitations").text


def test_replies_come_in_by_the_interface(runtime: Runtime, client: FlaskClient) -> None:
    program = Program(client, key_of(runtime, "replies:write"))
    assert program.post("/sms/replies", {"phone": "13800000001", "text": "谢谢"}).json == {"silenced": False}
    assert program.post("/sms/replies", {"phone": "13800000001", "text": "TD"}).json == {"silenced": True}
    assert program.post("/sms/replies", {"phone": "x", "text": "TD"}).status_code == 422


def test_a_forged_or_old_link_leads_to_a_calm_page(runtime: Runtime, client: FlaskClient) -> None:
    key = runtime.vault.key("tickets")
    for ticket in ("x", "0" * 16, ticket_rules.make_visit(99, key)):
        assert client.get(f"/i/{ticket}").status_code == 410
        assert client.get(f"/i/{ticket}/stop").status_code == 410
        assert client.post(f"/i/{ticket}/stop").status_code == 410


@given(st.datetimes(), st.times(), st.times())
def test_what_leaves_leaves_outside_of_quiet_hours(moment: datetime, begins: Any, ends: Any) -> None:
    now = moment.replace(year=2026, tzinfo=ZONE) if moment.month != 2 else moment.replace(year=2026, day=1, tzinfo=ZONE)
    first, last = begins.strftime("%H:%M"), ends.strftime("%H:%M")
    leaves = goes_out(now, ZONE, first, last)
    assert now <= leaves <= now + timedelta(days=1)
    assert goes_out(leaves, ZONE, first, last) == leaves


def test_the_rule_of_the_department_comes_first() -> None:
    rules = [Rule(1, (), None, 1, "21:00", "08:00", ("sms",)), Rule(2, (), 7, 1, "21:00", "08:00", ("sms",))]
    assert [getattr(rule_for(rules, "outpatient", unit), "id", 0) for unit in (7, 8, None)] == [2, 1, 1]
    assert rule_for([Rule(1, ("inpatient",), None, 1, "", "", ())], "outpatient", 7) is None


def test_the_one_word() -> None:
    assert all(is_opt_out(word) for word in ("TD", "td ", "退订", "退订。", "T", "STOP"))
    assert not any(is_opt_out(word) for word in ("", "谢谢", "退订了吗请问", "td please call"))
