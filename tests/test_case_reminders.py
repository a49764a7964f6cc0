"""The morning's work: once each whatever crashes, nothing on days off, and news by template for who has been away."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from feedback_app import clock, jobs
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain import complaints as rules
from feedback_app.services import case_news, case_reminders, people, periodic
from feedback_app.services.case_reminders import Reminded
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON
from tests.test_case_services import Desk


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return Desk(runtime)


def at(day: str, hour: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:00:00+08:00")


def keys(session: Session) -> list[str]:
    found = session.query(OutboxMessage).filter(OutboxMessage.purpose.in_(("case_reminder", "case_digest")))
    return [one.dedupe_key for one in found.order_by(OutboxMessage.id)]


class Crash(Exception):
    pass


def test_a_crash_in_the_middle_loses_and_doubles_nothing(desk: Desk) -> None:
    for _ in range(3):
        desk.file()
    with pytest.raises(Crash), desk.at_work() as session:
        assert case_reminders.remind(session, desk.runtime.settings, at("2026-11-27")) == 3
        raise Crash
    for expected in (3, 0):
        with desk.at_work() as session:
            assert case_reminders.remind(session, desk.runtime.settings, at("2026-11-27", 1)) == expected
            case_reminders.digest(session, desk.runtime.settings, at("2026-11-27", 1))
    with desk.runtime.reading() as session:
        assert len(keys(session)) == len(set(keys(session))) == 4
        opens = {one.not_before for one in session.query(OutboxMessage).filter_by(purpose="case_reminder")}
    assert opens == {datetime(2026, 11, 27, 0, 30, tzinfo=UTC)}, "half past eight in Shanghai, never at night"


def test_the_morning_comes_in_small_transactions_and_a_worker_that_broke_off_is_followed_by_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three cases at a time: broken off in the third step, gone on with by two workers at once: each case told once."""
    numbers = [desk.file() for _ in range(8)]
    monkeypatch.setattr(case_reminders, "BATCH", 3)
    clock.move(Path(desk.runtime.settings.sandbox.clock_file), at("2026-11-27"))
    steps: list[int] = []
    really = case_reminders.remind_some

    def breaking(session: Session, settings: Settings, now: datetime, after: int) -> Reminded:
        steps.append(after)
        if len(steps) == 3:
            raise Crash
        return really(session, settings, now, after)

    with monkeypatch.context() as broken, pytest.raises(Crash):
        broken.setattr(case_reminders, "remind_some", breaking)
        jobs.Worker(desk.runtime, {}).tick()
    assert [desk.story(number).count("reminded") for number in numbers] == [1] * 6 + [0] * 2, "what was done stays"
    workers = [threading.Thread(target=jobs.Worker(desk.runtime, {}).tick) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [desk.story(number).count("reminded") for number in numbers] == [1] * 8
    with desk.runtime.reading() as session:
        told = [key for key in keys(session) if not key.startswith("cases:digest")]
        assert len(told) == len(set(told)) == 8
        assert periodic.is_done(session, "case_reminders", "2026-11-27")


@pytest.mark.parametrize("day", ["2026-11-28", "2026-11-29", "2026-10-01"])
def test_nobody_is_written_to_on_a_day_off(desk: Desk, day: str) -> None:
    desk.now = at("2026-09-18", 10)
    desk.file()
    with desk.at_work() as session:
        assert case_reminders.remind(session, desk.runtime.settings, at(day)) == 0
        assert case_reminders.digest(session, desk.runtime.settings, at(day)) == 0


def test_a_worker_that_was_away_tells_the_newest_moment_only(desk: Desk) -> None:
    number = desk.file()
    with desk.at_work() as session:
        case_reminders.remind(session, desk.runtime.settings, at("2026-12-02"))
    assert desk.story(number).count("reminded") == 1
    assert desk.case(number).last_reminder == "1:late:3"


def test_a_case_opened_again_is_reminded_of_anew_and_a_paused_one_is_not(desk: Desk) -> None:
    number, paused = desk.file(), desk.file()
    desk.take(paused, rules.PAUSE, reason="outside_examination")
    with desk.at_work() as session:
        assert case_reminders.remind(session, desk.runtime.settings, at("2026-11-27")) == 1
    desk.now = at("2026-11-27", 10)
    desk.take(number, rules.ANSWER, "已改")
    desk.refuse(number)
    with desk.at_work() as session:
        assert case_reminders.remind(session, desk.runtime.settings, at("2026-12-04")) == 1
    assert desk.story(number).count("reminded") == 2


def test_who_has_been_away_for_two_days_is_told_by_template_once(desk: Desk) -> None:
    with desk.at_work() as session:
        person = people.meet(session, desk.runtime.vault, "o-wang", app_id="", now=NOON)
        hashed = person.hash
    number = desk.file(complainant_hash=hashed)
    desk.now = NOON + timedelta(days=3)
    desk.take(number, rules.ANSWER, "已经改了")
    with desk.at_work() as session:
        assert session.query(OutboxMessage).filter_by(purpose="case_answer").count() == 0, "the window is closed"
        assert [case_news.by_template(session, desk.now + timedelta(minutes=one)) for one in (1, 2)] == [1, 0]
        [queued] = session.query(OutboxMessage).filter_by(purpose="case_answer")
        assert number in queued.payload["title"]
