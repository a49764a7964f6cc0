"""Entering holidays and moved workdays by hand: over the published table, and for a year that it does not know yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.workdays import CalendarYear, WorkdayOverride
from feedback_app.domain.workdays import WorkdayTable
from feedback_app.errors import Refused
from feedback_app.services import audit, calendar, case_clock

LONGEST_SPAN = 31


@dataclass(frozen=True)
class Year:
    """``known``: published, entered or "" (then dates in it are provisional). ``exceptions``: day -> worked, where it is not
    as the weekday says."""

    year: int
    known: str
    exceptions: Mapping[date, bool]


def enter(session: Session, first: date, last: date, *, worked: bool, by: str, zone: ZoneInfo, now: datetime) -> int:
    """These days are (or are not) worked; every running case is recomputed and told. How many dates moved.

    Raises Refused ``complaints.bad_span`` for an end before the beginning or more than a month.
    """
    days = (last - first).days + 1
    if not 0 < days <= LONGEST_SPAN:
        raise Refused("complaints.bad_span", most=LONGEST_SPAN)
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        row = session.get(WorkdayOverride, day) or WorkdayOverride(day=day)
        row.worked, row.changed_at, row.changed_by = worked, now, by
        session.add(row)
    session.flush()
    span = f"{first}/{last}"
    audit.write(session, actor=by, action="calendar.changed", subject=span, now=now, worked=worked)
    return len(case_clock.calendar_changed(session, zone, now))


def remove(session: Session, day: date, *, by: str, zone: ZoneInfo, now: datetime) -> int:
    """Back to the published table for this day; how many dates moved."""
    row = session.get(WorkdayOverride, day)
    if row is not None:
        session.delete(row)
        session.flush()
        audit.write(session, actor=by, action="calendar.changed", subject=str(day), now=now, worked="")
    return len(case_clock.calendar_changed(session, zone, now))


def complete(session: Session, year: int, *, by: str, zone: ZoneInfo, now: datetime) -> int:
    """All exceptions of this year are entered: nothing in it is provisional any more. How many dates moved."""
    if session.get(CalendarYear, year) is None:
        session.add(CalendarYear(year=year, complete_since=now, changed_by=by))
        session.flush()
        audit.write(session, actor=by, action="calendar.changed", subject=str(year), now=now, worked="")
    return len(case_clock.calendar_changed(session, zone, now))


def years(session: Session, today: date) -> Sequence[Year]:
    """This year and the next."""
    table, entered = calendar.table(session), set(session.scalars(select(CalendarYear.year)))
    return [_year(table, year, entered) for year in (today.year, today.year + 1)]


def entered(session: Session) -> Sequence[WorkdayOverride]:
    """What was entered by hand, newest day first."""
    return session.scalars(select(WorkdayOverride).order_by(WorkdayOverride.day.desc())).all()


def _year(table: WorkdayTable, year: int, entered: set[int]) -> Year:
    first = date(year, 1, 1)
    days = [first + timedelta(days=ahead) for ahead in range((date(year + 1, 1, 1) - first).days)]
    told = {day: table(day) for day in days}
    known = "entered" if year in entered else "published" if calendar.is_workday(first) is not None else ""
    return Year(
        year, known, {day: bool(on) for day, on in told.items() if on is not None and on != (day.weekday() < 5)}
    )
