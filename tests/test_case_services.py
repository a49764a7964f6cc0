"""Cases through the services, on a real database: owners, departments, pauses, bundles, consent, and bad input that loses nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.workdays import CalendarYear, WorkdayOverride
from feedback_app.domain import complaints as rules
from feedback_app.errors import Conflict, FeedbackError, NotAllowed, NotFound, Refused
from feedback_app.services import (
    case_bundles,
    case_clock,
    case_consent,
    case_history,
    case_owners,
    case_steps,
    complaints,
    evidence,
    own_cases,
    verification,
)
from feedback_app.services.case_bundles import Cause
from feedback_app.services.case_steps import Step
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON
from tests.console import account

ME = "a" * 64


class Desk:
    """The complaints office at work: each call is a transaction of its own, on the newest version unless told."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.now, self.filed = runtime, NOON, 0

    @contextmanager
    def at_work(self) -> Iterator[Session]:
        with self.runtime.transaction() as session:
            yield session

    def file(self, text: str = "等了两个小时", **more: object) -> str:
        self.filed += 1
        filing = Filing(text, "form", f"o{self.filed}", **more)  # type: ignore[arg-type]
        with self.at_work() as session:
            return complaints.file(session, filing, zone=self.runtime.zone, now=self.now).number or ""

    def take(self, number: str, action: str, text: str = "", *, role: str = "office", **more: object) -> Case:
        with self.at_work() as session:
            seen = case_steps.version(case_steps.get(session, number))
            step = Step(action, text, seen, "wang", role, **more)  # type: ignore[arg-type]
            return case_steps.take(session, number, step, self.now, self.runtime.zone)

    def case(self, number: str) -> Case:
        with self.runtime.reading() as session:
            return case_steps.get(session, number)

    def due(self, number: str) -> date | None:
        return self.case(number).due_on

    def story(self, number: str) -> list[str]:
        with self.runtime.reading() as session:
            return [event.action for event in case_steps.get(session, number).events]

    def refuse(self, number: str, words: str = "没有解决") -> Case:
        with self.at_work() as session:
            return case_consent.refuse(session, case_steps.get(session, number), words, self.now, self.runtime.zone)


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return Desk(runtime)


@pytest.fixture(autouse=True)
def _whole(runtime: Runtime) -> Iterator[None]:
    """Whatever a test did, the history it leaves is whole."""
    yield
    with runtime.reading() as session:
        assert list(verification.problems(session, runtime.vault, NOON + timedelta(minutes=1))) == []


def test_the_first_receiver_keeps_it_until_somebody_accepts(desk: Desk) -> None:
    account(desk.runtime, "office", login="li")
    number = desk.file(first_receiver="staff:N01")
    with desk.at_work() as session:
        seen = case_steps.version(case_steps.get(session, number))
        case_owners.offer(session, number, "li", seen=seen, by="staff:N01", now=NOON)
    assert (desk.case(number).owner, desk.case(number).offered_to) == ("staff:N01", "li")
    with desk.at_work() as session:
        seen = case_steps.version(case_steps.get(session, number))
        case_owners.accept(session, number, seen=seen, by="li", now=NOON)
    assert (desk.case(number).owner, desk.case(number).offered_to) == ("li", "")
    assert desk.case(number).first_receiver == "staff:N01"
    with pytest.raises(NotFound), desk.at_work() as session:
        seen = case_steps.version(case_steps.get(session, number))
        case_owners.offer(session, number, "nobody", seen=seen, by="li", now=NOON)


def involve(desk: Desk, number: str, key: str, role: str) -> None:
    with desk.at_work() as session:
        seen = case_steps.version(case_steps.get(session, number))
        case_owners.involve(session, number, key, role, seen=seen, by="wang", now=desk.now, zone=desk.runtime.zone)


def release(desk: Desk, number: str, key: str) -> None:
    with desk.at_work() as session:
        seen = case_steps.version(case_steps.get(session, number))
        case_owners.release(session, number, key, seen=seen, by="wang", now=desk.now, zone=desk.runtime.zone)


def test_a_second_department_makes_it_ten_days_and_leaving_makes_it_five_again(desk: Desk) -> None:
    desk.now = datetime.fromisoformat("2026-09-30T10:00:00+08:00")
    number = desk.file()
    assert desk.due(number) == date(2026, 10, 13)
    involve(desk, number, "XN", "lead")
    assert desk.due(number) == date(2026, 10, 13)
    involve(desk, number, "EK", "helper")
    assert desk.due(number) == date(2026, 10, 20)
    with pytest.raises(Refused):
        release(desk, number, "XN")
    involve(desk, number, "EK", "lead")  # the former leader now helps
    assert desk.case(number).department_id != 0
    release(desk, number, "XN")
    assert desk.due(number) == date(2026, 10, 13)
    assert desk.story(number).count("due_changed") == 2


def test_the_clock_stops_only_for_listed_reasons_and_goes_on_by_worked_days(desk: Desk) -> None:
    number = desk.file()  # Friday 20 November; due on Friday the 27th
    with pytest.raises(Refused):
        desk.take(number, rules.PAUSE, reason="too busy")
    desk.now = NOON + timedelta(days=3)  # Monday
    desk.take(number, rules.PAUSE, reason="outside_examination")
    assert desk.case(number).state == "paused"
    desk.now = NOON + timedelta(days=10)  # the Monday after
    desk.take(number, rules.RESUME)
    assert desk.due(number) == date(2026, 12, 3), "four worked days stood still: Tuesday to Friday"


def test_letters_may_be_older_but_not_from_tomorrow(desk: Desk) -> None:
    number = desk.file(received_on=date(2026, 11, 18))
    assert desk.due(number) == date(2026, 11, 25)
    with pytest.raises(Refused, match="received_later"):
        desk.file(received_on=date(2026, 11, 21))


@pytest.mark.parametrize(
    ("kind", "letter", "due"),
    [
        ("complaint", "T", date(2026, 11, 27)),
        ("question", "Z", date(2026, 11, 24)),
        ("repair", "X", date(2026, 11, 24)),
        ("supply", "W", date(2026, 11, 25)),
        ("suggestion", "J", None),
        ("praise", "B", None),
    ],
)
def test_each_kind_has_its_letter_and_its_days(desk: Desk, kind: str, letter: str, due: date | None) -> None:
    number = desk.file(kind=kind)
    assert (number[0], desk.due(number)) == (letter, due)


def test_several_low_ratings_become_one_systemic_case_and_nobody_waits_longer(desk: Desk) -> None:
    numbers = [desk.file("排队太久", received_on=date(2026, 11, day)) for day in (18, 19, 20)]
    with desk.at_work() as session:
        joined = case_bundles.join(
            session, numbers, Cause("收费处排队"), by="wang", now=NOON, zone=desk.runtime.zone
        ).number or ""  # fmt: skip
    assert (desk.case(joined).systemic, desk.due(joined)) == (True, date(2026, 11, 25))
    assert [desk.case(number).state for number in numbers] == ["merged"] * 3
    desk.take(joined, rules.ANSWER, "加开了一个窗口")
    with desk.runtime.reading() as session:
        assert own_cases.last_answer(session, case_steps.get(session, numbers[1])) == "加开了一个窗口"
    desk.refuse(numbers[2], "昨天还是排")
    assert (desk.case(joined).state, desk.case(joined).level) == ("open", rules.OFFICE)
    with pytest.raises(Conflict):
        desk.take(numbers[0], rules.ANSWER, "再答一次")


def test_merge_split_and_what_is_not_possible(desk: Desk) -> None:
    first, second = desk.file("窗口排队"), desk.file("还是窗口排队")

    def merge(number: str, into: str) -> None:
        with desk.at_work() as session:
            seen = case_steps.version(case_steps.get(session, number))
            case_bundles.merge(session, number, into, seen=seen, by="wang", now=NOON, zone=desk.runtime.zone)

    with pytest.raises(Refused):
        merge(first, first)
    with pytest.raises(NotFound):
        merge(first, "T-2611-9999")
    merge(second, first)
    with pytest.raises(Conflict):
        merge(first, second)
    with desk.at_work() as session:
        seen = case_steps.version(case_steps.get(session, first))
        part = case_bundles.split(session, first, "还有停车", seen=seen, by="wang", now=NOON, zone=desk.runtime.zone)
        assert (part.text, part.day) == ("还有停车", desk.case(first).day)


def test_refused_goes_up_and_after_the_director_only_new_facts_open_it(desk: Desk) -> None:
    number = desk.file(complainant_hash=ME)
    for level, role in ((1, "office"), (2, "office"), (3, "director")):
        if level == 3:
            with pytest.raises(NotAllowed):
                desk.take(number, rules.ANSWER, "办公室再答", role="office")
        desk.now += timedelta(days=1)
        desk.take(number, rules.ANSWER, f"第{level}级答复", role=role)
        refused = desk.refuse(number)
        assert (refused.state, refused.level) == (("final" if level == 3 else "open"), min(level + 1, 3))
    assert desk.case(number).closed_how == "final"
    with pytest.raises(Conflict):
        desk.refuse(number)
    with pytest.raises(Refused, match="new_facts"):
        desk.take(number, rules.REOPEN, "他还是不满意")
    with pytest.raises(Refused, match="new_facts"), desk.at_work() as session:
        case_consent.new_facts(session, case_steps.get(session, number), " ", desk.now, desk.runtime.zone)
    with desk.at_work() as session:
        case_consent.new_facts(session, case_steps.get(session, number), "找到了录音", desk.now, desk.runtime.zone)
    assert (desk.case(number).state, desk.case(number).level) == ("open", rules.DIRECTOR)
    assert desk.due(number) == date(2026, 11, 30), "a new date, from the day of the new facts (Monday the 23rd)"


def test_settled_silent_and_rated(desk: Desk) -> None:
    content, silent, running = desk.file(complainant_hash=ME), desk.file(), desk.file()
    for number in (content, silent):
        desk.take(number, rules.ANSWER, "已经改了")
    with desk.at_work() as session:
        case_consent.settle(session, case_steps.get(session, content), NOON, desk.runtime.zone)
    with pytest.raises(Conflict), desk.at_work() as session:
        case_consent.settle(session, case_steps.get(session, running), NOON, desk.runtime.zone)
    for days, closed in ((10, 0), (11, 1), (12, 0)):
        with desk.at_work() as session:
            assert case_consent.close_silent(session, 10, NOON + timedelta(days=days), desk.runtime.zone) == closed
    assert [desk.case(one).closed_how for one in (content, silent, running)] == ["settled", "silent", ""]
    with desk.at_work() as session:
        case_consent.rate(session, case_steps.get(session, content), 4, "答复很快", NOON)
    assert desk.case(content).handling_score == 4
    for number, score in ((content, 6), (content, 0), (running, 3)):
        with pytest.raises(FeedbackError), desk.at_work() as session:
            case_consent.rate(session, case_steps.get(session, number), score, "", NOON)


def test_two_people_answering_at_once_and_unknown_numbers(desk: Desk) -> None:
    number = desk.file()
    with desk.runtime.reading() as session:
        seen = case_steps.version(case_steps.get(session, number))
    for text, outcome in (("甲的答复", None), ("乙的答复", "complaints.moved")):
        try:
            with desk.at_work() as session:
                case_steps.take(session, number, Step(rules.ANSWER, text, seen, "a"), NOON, desk.runtime.zone)
        except Conflict as error:
            assert error.code == outcome
        else:
            assert outcome is None
    with desk.runtime.reading() as session:
        assert own_cases.last_answer(session, case_steps.get(session, number)) == "甲的答复"
        with pytest.raises(NotFound):
            own_cases.own(session, ME, "T-2611-9999")
        with pytest.raises(NotAllowed):
            own_cases.own(session, ME, number)


def test_the_year_is_published_and_provisional_dates_become_final_and_are_told(desk: Desk) -> None:
    desk.now = datetime.fromisoformat("2026-12-29T10:00:00+08:00")
    number = desk.file(complainant_hash=ME)
    assert (desk.due(number), desk.case(number).due_provisional) == (date(2027, 1, 5), True)
    with desk.at_work() as session:
        assert case_clock.calendar_changed(session, desk.runtime.zone, desk.now) == []
        for day, worked in ((date(2027, 1, 1), False), (date(2027, 1, 4), False)):
            session.add(WorkdayOverride(day=day, worked=worked, changed_at=desk.now, changed_by="wang"))
        session.add(CalendarYear(year=2027, complete_since=desk.now, changed_by="wang"))
    with desk.at_work() as session:
        assert len(case_clock.calendar_changed(session, desk.runtime.zone, desk.now)) == 1
        assert case_clock.calendar_changed(session, desk.runtime.zone, desk.now) == []
    assert (desk.due(number), desk.case(number).due_provisional) == (date(2027, 1, 7), False)
    assert desk.story(number)[-1] == "due_changed"


def test_a_history_that_was_touched_is_found(desk: Desk) -> None:
    number = desk.file()
    desk.take(number, rules.NOTE, "去问过了")
    desk.take(number, rules.ANSWER, "已经改了")
    later = NOON + timedelta(minutes=10)
    with desk.at_work() as session:
        assert case_history.seal(session, later) == 3
        assert case_history.seal(session, later) == 0
        evidence.give_places(session)
        evidence.sign_head(session, desk.runtime.vault, later)

    def found_after(change: str) -> list[str]:
        """Which problems are told when somebody changes the tables by hand; undone afterwards."""

        class Undo(Exception):
            pass

        told: list[str] = []
        try:
            with desk.at_work() as session:
                note = session.query(CaseEvent).filter_by(action="noted").one()
                if change == "text":
                    note.text = "没去问"
                elif change == "actor":
                    note.actor = "somebody"
                elif change == "removed":
                    session.delete(session.query(CaseEvent).filter_by(action="answered").one())
                session.flush()
                told = [what for what, _ in case_history.altered(session)]
                raise Undo
        except Undo:
            return told

    assert found_after("nothing") == []
    assert found_after("text") == ["case_altered"]
    assert found_after("actor") == ["case_altered"]
    assert found_after("removed") == ["case_events_removed"]
