"""A complaint found justified reaches the awards by itself, for the right person and period, and leaves them when an appeal is
upheld; what comes to light after a board was closed is put before people (S25, S50)."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.db.complaints import Case
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.domain.cycles import Period
from feedback_app.domain.roles import OFFICE, QUALITY, Viewer
from feedback_app.errors import FeedbackError
from feedback_app.services import (
    appeals,
    assessing,
    awards,
    case_bundles,
    case_findings,
    case_releases,
    case_steps,
    complaints,
    duty_swaps,
    honour_reviews,
    leaderboards,
    other_facts,
    ratings,
    scheme_editing,
)
from feedback_app.services.case_findings import Finding
from feedback_app.services.case_releases import Release
from feedback_app.services.complaints import Filing
from feedback_app.services.honour_reviews import GIVE_BACK, LEFT_OUT, REVOKE, Question
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session
from tests.console import sign_in, submit
from tests.star_ratings import id_of, october, rate
from tests.test_award_bad_input import body

OFFICER = Viewer(OFFICE, OFFICE)
DECEMBER, JANUARY = Period.parse("2026-12"), Period.parse("2027-01")
WORDS = "查了录像，确实说了重话"
BY = "admin"


def at(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 4, tzinfo=UTC)  # noon in Shanghai


@pytest.fixture
def award(runtime: Runtime) -> None:
    """From December on nobody with a justified complaint of the month becomes monthly star; two doctors are rated."""
    with runtime.transaction() as session:
        october(session)
        leagues = [{**one, "no_complaint": True} for one in body()["leagues"]]
        draft = scheme_editing.begin(session, "monthly", by=BY, now=runtime.now())
        scheme_editing.save(session, draft.id, body(leagues=leagues), by=BY, now=runtime.now())
        scheme_editing.note_tried(session, draft.id)
        scheme_editing.start(session, draft.id, by=BY, now=runtime.now(), zone=runtime.zone)
        for period in ("2026-12", "2027-01"):
            rate(session, "D01", (0, 0, 2, 20, 178), period)
            rate(session, "D02", (2, 3, 10, 45, 90), period)


def complain(runtime: Runtime, on: datetime, key: str = "D01", words: str = "张医生说话难听") -> str:
    with runtime.transaction() as session:
        filing = Filing(words, "letter", f"{words} {on}", point_id=id_of(session, key))
        case = complaints.file(session, filing, zone=runtime.zone, now=on)
        wanted = Release(case.text, case_steps.version(case), care_over=True, checked=True)
        case_releases.release(session, case.number or "", wanted, OFFICER, on)
        return case.number or ""


def find(
    runtime: Runtime,
    number: str,
    day: date,
    on: datetime,
    *about: str,
    result: str = "justified",
    who: Viewer = OFFICER,
) -> str:
    """The code of the refusal; "" when it was written down."""
    try:
        with runtime.transaction() as session:
            seen = case_steps.version(case_steps.get(session, number))
            told = Finding(result, day, WORDS, seen, about)
            case_findings.find(session, number, told, who, now=on, zone=runtime.zone)
    except FeedbackError as error:
        return error.code
    return ""


def close(runtime: Runtime, period: Period) -> leaderboards.Board:
    now = period.ends(runtime.zone) + timedelta(minutes=5)
    with runtime.transaction() as session:
        return leaderboards.close(session, "monthly", period, now=now, zone=runtime.zone)


def counted(runtime: Runtime, period: Period) -> dict[str, int]:
    with runtime.reading() as session:
        found = other_facts.gather(session, awards.scheme(session, "monthly", period), period).complaints
        return {session.get_one(ServicePoint, point).key: count for point, count in found.items()}


def fell(runtime: Runtime, period: Period) -> bool:
    with runtime.reading() as session:
        closed = DECEMBER.ends(runtime.zone) + timedelta(minutes=5)
        return case_findings.fell_since(session, id_of(session, "D01"), closed, period)


def questions(runtime: Runtime) -> list[tuple[str, str, str]]:
    with runtime.reading() as session:
        return [(one.what, str(one.period), one.point.key) for one in honour_reviews.waiting(session)]


def answer(runtime: Runtime, choice: str, now: datetime) -> Question:
    with runtime.transaction() as session:
        [asked] = honour_reviews.waiting(session)
        told: Any = {"kinds": honour_reviews.KINDS, "why": "评选组织开会定的", "by": BY, "now": now}
        return honour_reviews.decide(session, asked.key, choice, **told)


def uphold(runtime: Runtime, number: str, now: datetime, key: str = "D01") -> None:
    """The person contests it, somebody of another unit agrees."""
    with runtime.transaction() as session:
        person = session.query(ServicePoint).filter_by(key=key, kind="staff").one()
        [release] = [one for one in case_releases.about(session, person.id) if one.case.number == number]
        filed = appeals.file(session, release, person, "那天我不在班", now)
        appeals.decide(session, filed.id, True, "排班表和监控都对不上", Viewer(QUALITY, QUALITY), now)


def test_found_in_time_it_keeps_the_person_off_the_board_without_a_public_word(runtime: Runtime, award: None) -> None:
    number = complain(runtime, at(12, 10))
    assert find(runtime, number, date(2026, 12, 8), at(12, 12), "D01") == ""
    assert (counted(runtime, DECEMBER), counted(runtime, JANUARY)) == ({"D01": 1}, {})
    board = close(runtime, DECEMBER)
    assert [(one.key, one.reason) for one in board.left_out if one.reason == "complaint"] == [("D01", "complaint")]
    assert "D01" not in {row.key for row in board.league("doctors").rows}
    with runtime.reading() as session:
        kit = leaderboards.recount_kit(session, "monthly", DECEMBER)
    assert number not in kit and WORDS not in kit
    assert questions(runtime) == []


@pytest.mark.parametrize("result", ["unfounded", "unclear"])
def test_what_was_not_justified_counts_against_nobody(runtime: Runtime, award: None, result: str) -> None:
    number = complain(runtime, at(12, 10))
    assert find(runtime, number, date(2026, 12, 8), at(12, 12), "D01") == ""
    assert find(runtime, number, date(2026, 12, 8), at(12, 13), "D01", result=result) == ""  # the newer one stands
    assert counted(runtime, DECEMBER) == {}


def test_an_upheld_appeal_takes_it_away_and_who_was_left_out_is_owed_a_word(runtime: Runtime, award: None) -> None:
    number = complain(runtime, at(12, 10))
    find(runtime, number, date(2026, 12, 8), at(12, 12), "D01")
    close(runtime, DECEMBER)
    assert not fell(runtime, DECEMBER)
    uphold(runtime, number, at(1, 5, 2027))
    assert counted(runtime, DECEMBER) == {}
    assert (fell(runtime, DECEMBER), fell(runtime, JANUARY)) == (True, False)
    assert questions(runtime) == [(LEFT_OUT, "2026-12", "D01")]
    answer(runtime, "leave", at(1, 6, 2027))
    assert questions(runtime) == []


def test_found_after_publication_people_decide_about_the_honour_and_it_counts_once(
    runtime: Runtime, award: None
) -> None:
    assert "D01" in {row.key for row in close(runtime, DECEMBER).league("doctors").rows if row.won}
    number = complain(runtime, at(1, 3, 2027))
    assert find(runtime, number, date(2026, 12, 20), at(1, 8, 2027), "D01") == ""
    # The board stays; whatever people decide about the honour, the deed has one consequence.
    assert (counted(runtime, DECEMBER), counted(runtime, JANUARY)) == ({}, {"D01": 1})
    assert questions(runtime) == [(REVOKE, "2026-12", "D01")]
    answer(runtime, REVOKE, at(1, 9, 2027))
    assert (questions(runtime), counted(runtime, JANUARY)) == ([], {})
    uphold(runtime, number, at(1, 12, 2027))
    assert questions(runtime) == [(GIVE_BACK, "2026-12", "D01")]
    answer(runtime, GIVE_BACK, at(1, 13, 2027))
    assert questions(runtime) == []
    with runtime.reading() as session:
        assert leaderboards.load(session, "monthly", DECEMBER).revoked == frozenset()
        assert leaderboards.is_unaltered(session, "monthly", DECEMBER)
        kinds = [one.kind for one in session.query(Evidence).filter_by(subject="stars:monthly:2026-12")]
        assert kinds == ["closed", "revoked", "given_back"]


def test_an_honour_that_stays_leaves_the_complaint_to_the_next_period(runtime: Runtime, award: None) -> None:
    close(runtime, DECEMBER)
    find(runtime, complain(runtime, at(1, 3, 2027)), date(2026, 12, 20), at(1, 8, 2027), "D01")
    with pytest.raises(FeedbackError) as refused, runtime.transaction() as session:
        [asked] = honour_reviews.waiting(session)
        told: Any = {"kinds": honour_reviews.KINDS, "by": BY, "now": at(1, 9, 2027)}
        honour_reviews.decide(session, asked.key, "leave", why=" ", **told)
    assert refused.value.code == "stars.needs_reason"
    told_once = answer(runtime, "leave", at(1, 9, 2027))
    assert (told_once.point.key, questions(runtime), counted(runtime, JANUARY)) == ("D01", [], {"D01": 1})


def test_one_deed_counts_once_across_ways_and_merged_cases(runtime: Runtime, award: None) -> None:
    first, second = complain(runtime, at(12, 10)), complain(runtime, at(12, 11), words="张医生态度差")
    for number in (first, second):
        assert find(runtime, number, date(2026, 12, 8), at(12, 12), "D01") == ""
    assert counted(runtime, DECEMBER) == {"D01": 2}
    with runtime.transaction() as session:
        seen = case_steps.version(case_steps.get(session, second))
        case_bundles.merge(session, second, first, seen=seen, by=OFFICE, now=at(12, 13), zone=runtime.zone)
        person = session.query(ServicePoint).filter_by(key="D01").one()
        told: Any = {"reference": first, "by": BY, "now": at(12, 14), "today": date(2026, 12, 14)}
        assessing.put_on_file(session, runtime.vault, person, "complaint", date(2026, 12, 8), **told)
    assert counted(runtime, DECEMBER) == {"D01": 1}


def test_nobody_is_at_fault_unheard_about_themselves_or_for_a_day_to_come(runtime: Runtime, award: None) -> None:
    with runtime.transaction() as session:
        filing = Filing("张医生说话难听", "letter", "x", point_id=id_of(session, "D01"))
        number = complaints.file(session, filing, zone=runtime.zone, now=at(12, 10)).number or ""
        himself = Viewer(OFFICE, "zhang", person_id=id_of(session, "D02"))
    day = date(2026, 12, 8)
    assert find(runtime, number, day, at(12, 12), "D01") == "findings.release_first"
    assert find(runtime, number, day, at(12, 12), "D99") == "findings.nobody"
    assert find(runtime, number, day, at(12, 12), "D02", who=himself) == "findings.yourself"
    assert find(runtime, number, date(2026, 12, 11), at(12, 12)) == "findings.bad_day"
    assert find(runtime, number, day, at(12, 12), result="guilty") == "complaints.bad_choice"
    assert find(runtime, number, day, at(12, 12)) == ""  # a fault of the house
    assert counted(runtime, DECEMBER) == {}


def _slot(session: Session, who: str, at_: datetime) -> None:
    hours = timedelta(hours=2)
    ends = {"window_id": id_of(session, "W03"), "starts_at": at_ - hours, "ends_at": at_ + hours}
    session.add(DutySlot(staff_id=id_of(session, who), **ends))
    session.flush()


def test_disputed_minutes_count_for_the_window_and_for_no_person(runtime: Runtime, award: None) -> None:
    on = at(12, 10)
    with runtime.transaction() as session:
        office = session.query(ServicePoint).filter_by(key="SF").one()
        session.add(
            ServicePoint(kind="staff", key="C02", name="周强", department=office, category="收费", changed_at=on)
        )
        _slot(session, "C01", on)
        giver, taker = (session.query(ServicePoint).filter_by(key=key).one() for key in ("C01", "C02"))
        [shift] = duty_swaps.shifts(session, giver.id, on - timedelta(hours=3))
        earlier = on - timedelta(hours=3)
        swap = duty_swaps.ask(session, giver, shift.slot_id, taker.key, now=earlier, settings=runtime.settings)
        told = Submission(id_of(session, "W03"), 1, "form", "k1", comment="收费的人很凶")
        ratings.submit(session, told, zone=runtime.zone, now=on)
        case = session.query(Case).one()
        number = case.number or ""
        wanted = Release(case.text, case_steps.version(case), care_over=True, checked=True)
        case_releases.release(session, number, wanted, OFFICER, on)
        proposed = case_findings.propose(session, case, runtime.zone)
        assert ([one.key for one in proposed.points], proposed.disputed) == (["W03"], True)
    assert find(runtime, number, on.date(), at(12, 12), "W03", "C02") == "findings.disputed"
    assert find(runtime, number, on.date(), at(12, 12), "W03") == ""
    assert counted(runtime, DECEMBER) == {"W03": 1}
    with runtime.transaction() as session:
        taker = session.query(ServicePoint).filter_by(key="C02").one()
        duty_swaps.answer(session, taker, swap.id, takes=True, now=at(12, 12), settings=runtime.settings)
        case_findings.of_case(session, session.query(Case).one())[0].ended_at = at(12, 12)
    with runtime.reading() as session:
        proposed = case_findings.propose(session, session.query(Case).one(), runtime.zone)
        assert ([one.key for one in proposed.points], proposed.disputed) == (["W03", "C02"], False)
    assert find(runtime, number, on.date(), at(12, 13), "W03", "C02") == ""
    assert counted(runtime, DECEMBER) == {"W03": 1, "C02": 1}
    uphold(runtime, number, at(12, 20), "C02")  # who served at the window reads it, too, and can contest it
    assert counted(runtime, DECEMBER) == {}


def test_in_the_console(client: FlaskClient, runtime: Runtime, award: None) -> None:
    close(runtime, DECEMBER)
    number = complain(runtime, at(1, 3, 2027))
    clock.move(Path(runtime.settings.sandbox.clock_file), at(1, 8, 2027))
    sign_in(client, runtime, OFFICE)
    page = f"/admin/complaints/{number}"
    with runtime.reading() as session:
        seen = str(case_steps.version(case_steps.get(session, number)))
    told = {"seen": seen, "result": "justified", "day": "2026-12-20", "about": "D01", "text": WORDS}
    lost = submit(client, f"{page}/finding", {**told, "about": "D99"})
    assert lost.status_code == 404 and WORDS in lost.text and "D99" in lost.text
    assert submit(client, f"{page}/finding", {**told, "day": ""}).status_code == 400
    assert submit(client, f"{page}/finding", told).status_code == 303
    shown = client.get(page).text
    assert "属实" in shown and WORDS in shown
    assert client.get("/admin/honours/").status_code == 403
    sign_in(client, runtime, QUALITY)
    assert "有 1 件荣誉要复核" in client.get("/admin/stars/").text
    listed = client.get("/admin/honours/").text
    assert "张伟" in listed and "查实的投诉" in listed and WORDS not in listed
    with runtime.reading() as session:
        [asked] = honour_reviews.waiting(session)
    form = dict(zip(("award", "period", "point", "record"), map(str, asked.key), strict=True))
    assert submit(client, "/admin/honours/", {**form, "answer": "revoke", "why": ""}).status_code == 400
    assert submit(client, "/admin/honours/", {**form, "answer": "revoke", "why": "评选组织开会定的"}).status_code == 303
    assert submit(client, "/admin/honours/", {**form, "answer": "revoke", "why": "再来"}).status_code == 409
    assert "没有要复核的" in client.get("/admin/honours/").text


def test_a_finding_written_anew_after_the_board_was_closed_counts_no_second_time(runtime: Runtime, award: None) -> None:
    number = complain(runtime, at(12, 10))
    assert find(runtime, number, date(2026, 12, 8), at(12, 12), "D01") == ""
    close(runtime, DECEMBER)
    assert find(runtime, number, date(2026, 12, 8), at(1, 15, 2027), "D01", result="partly") == ""
    assert (counted(runtime, JANUARY), questions(runtime)) == ({}, [])
    assert find(runtime, number, date(2026, 12, 8), at(1, 16, 2027), result="unfounded") == ""
    assert questions(runtime) == [(LEFT_OUT, "2026-12", "D01")]
