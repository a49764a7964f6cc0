"""On the first working day of a month whoever may read the last one's report gets a link; the file itself never leaves."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.roles import DIRECTOR, HEAD, QUALITY
from feedback_app.services import calendar, case_people, periodic, reaching
from feedback_app.services.case_people import Way
from feedback_app.settings import Settings
from feedback_app.texts import text

JOB = "report"
READERS = (DIRECTOR, QUALITY, HEAD)


def is_due(session: Session, now: datetime, settings: Settings) -> bool:
    """From the first working day of the month on, until it has been sent."""
    zone = settings.hospital.zone
    today = local_day(now, zone)
    return today >= first_workday(session, today) and not periodic.is_done(session, JOB, str(Month.of(now, zone)))


def first_workday(session: Session, today: date) -> date:
    """Of the month of ``today``, with the hospital's own calendar."""
    is_worked, day = calendar.table(session), today.replace(day=1)
    while not _works(is_worked(day), day):
        day += timedelta(days=1)
    return day


def _works(told: bool | None, day: date) -> bool:
    """Of a year that has not been published: Monday to Friday."""
    return day.weekday() < 5 if told is None else told


def send(session: Session, now: datetime, settings: Settings) -> int:
    """How many messages were queued; 0 when somebody has done it."""
    zone = settings.hospital.zone
    month = Month.of(now, zone)
    if not periodic.take(session, JOB, str(month), now):
        return 0
    last = month.shifted(-1)
    title = text("reports.push.title", month=text("reports.month", year=last.year, number=last.number))
    opens = reaching.goes_out(now, settings)
    sent = 0
    for way in _ways(session):
        sent += case_people.send(
            session, way, f"report:{last}", title, text("reports.push.text"), now, purpose="report_ready",
            url=f"{settings.server.base_url}/admin/reports?month={last}", not_before=opens,
        )  # fmt: skip
    return sent


def _ways(session: Session) -> list[Way]:
    """One for each reader who can be reached; nobody else, and no group: what a head may see is not for a group."""
    query = select(Account.login).where(Account.role.in_(READERS), Account.active).order_by(Account.id)
    found = [case_people.way(session, case_people.staff(session, login)) for login in session.scalars(query)]
    return list({one.name: one for one in found if one is not case_people.OFFICE}.values())
