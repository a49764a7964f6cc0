"""The working-day clock of one case and of all: begun, stopped for a listed reason, recomputed, and told when it changes."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case, CasePause
from feedback_app.domain.complaints import OPEN, PAUSED
from feedback_app.domain.periods import local_day
from feedback_app.domain.workdays import JOINT_DAYS, SIMPLE_DAYS, Pause, WorkdayTable, deadline
from feedback_app.services import calendar, case_history, case_news

__all__ = [
    "DAYS",
    "Case",
    "began_anew",
    "begin",
    "calendar_changed",
    "end_pause",
    "go_on",
    "joint_days",
    "pauses",
    "recompute",
    "stop",
]

DAYS = {"complaint": SIMPLE_DAYS, "question": 2, "repair": 2, "supply": 3}
"""Working days to an answer by kind; kinds that are not here have no date. The law gives the first, the others are ours."""


def begin(session: Session, case: Case, day: date) -> None:
    """Count from ``day``, which itself does not count. Opened again, a case begins anew: nobody could have answered in time
    what was said after that time. Changes nothing in the database by itself: the caller's case does.
    """
    case.clock_from = day
    case.working_days = _days_of(case)
    _set(case, calendar.table(session), ())


def began_anew(session: Session, case: Case, day: date) -> None:
    """A new round: reminders come again, and pauses of the round before no longer matter."""
    case.clock_round = (case.clock_round or 0) + 1
    begin(session, case, day)


def joint_days(session: Session, case: Case, departments: int, now: datetime) -> bool:
    """Ten working days when several departments are involved, five when only one is left. Whether the date changed."""
    if case.kind != "complaint":
        return False
    case.working_days = JOINT_DAYS if departments > 1 else SIMPLE_DAYS
    return recompute(session, case, "departments", now)


def recompute(session: Session, case: Case, why: str, now: datetime, is_workday: WorkdayTable | None = None) -> bool:
    """Work the date out again from what is known now; when it changed, write it down and tell whoever wrote. Whether it did."""
    before = (case.due_on, case.due_provisional)
    _set(case, is_workday or calendar.table(session), pauses(session, case))
    if case.due_on == before[0]:
        return False
    details = {"why": why, "from": _iso(before[0]), "to": _iso(case.due_on)}
    event = case_history.write(session, case, case_news.DUE, actor="system", now=now, details=details)
    case_news.tell(session, case, event, now)
    return True


def stop(session: Session, case: Case, reason: str, day: date) -> None:
    session.add(CasePause(case_id=case.id, reason=reason, since=day))
    session.flush()
    session.expire(case, ["pauses"])


def go_on(session: Session, case: Case, day: date, now: datetime) -> None:
    """End the open pause, if there is one, and move the date by the working days it took."""
    end_pause(session, case, day)
    recompute(session, case, "resumed", now)


def end_pause(session: Session, case: Case, day: date) -> None:
    for one in case.pauses:
        if one.until is None:
            one.until = day
    session.flush()


def pauses(session: Session, case: Case) -> Sequence[Pause]:
    """Those of this round."""
    rows = session.scalars(select(CasePause).where(CasePause.case_id == case.id).order_by(CasePause.id))
    return [Pause(row.since, row.until) for row in rows if row.since >= case.clock_from]


def calendar_changed(session: Session, zone: ZoneInfo, now: datetime) -> list[Case]:
    """Recompute every case that still runs; those whose date changed. Done each day and after each entry in the calendar,
    so that a date that was provisional becomes final when its year is published, without anybody remembering to."""
    is_workday, today = calendar.table(session), local_day(now, zone)
    running = select(Case).where(Case.state.in_((OPEN, PAUSED)), Case.due_on.is_not(None))
    later = running.where((Case.due_on >= today) | Case.due_provisional).order_by(Case.id)
    return [case for case in session.scalars(later).all() if recompute(session, case, "calendar", now, is_workday)]


def _days_of(case: Case) -> int | None:
    joint = case.kind == "complaint" and sum(one.until is None for one in case.departments) > 1
    return JOINT_DAYS if joint else DAYS.get(case.kind)


def _set(case: Case, is_workday: WorkdayTable, pauses: Sequence[Pause]) -> None:
    if case.working_days is None:
        case.due_on, case.due_provisional = None, False
        return
    due = deadline(case.clock_from, case.working_days, is_workday, pauses)
    case.due_on, case.due_provisional = due.day, due.provisional


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
