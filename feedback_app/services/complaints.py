"""Complaints, praise and suggestions: filing them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import complaints
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.questions.text import clean
from feedback_app.domain.workdays import SIMPLE_DAYS, deadline
from feedback_app.errors import Refused
from feedback_app.services import calendar, outbox
from feedback_app.texts import text

LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Filing:
    """What somebody wants to be dealt with. ``origin_key`` makes the same filing, sent again, the same case."""

    text: str
    source: str  # form | bot | phone | paper | rating
    origin_key: str
    kind: str = "complaint"
    urgency: str = "normal"
    point_id: int | None = None
    rating_id: int | None = None
    complainant_hash: str | None = None
    contact_sealed: str = ""
    made_up: bool = False


def file(session: Session, filing: Filing, *, zone: ZoneInfo, now: datetime) -> Case:
    """Open a case with number and deadline, tell the complaints office, and return it; filed before: that same case.

    The deadline is five working days (医疗机构投诉管理办法), counted from the day after receipt.
    Raises Refused ``complaints.too_long``; an empty text is allowed (a low rating without words).
    """
    known = complaints.by_origin(session, filing.origin_key)
    if known is not None:
        return known
    words = clean(filing.text)
    if len(words) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(words))
    day = local_day(now, zone)
    point = session.get(ServicePoint, filing.point_id) if filing.point_id else None
    case = Case(
        kind=filing.kind,
        urgency=filing.urgency,
        source=filing.source,
        text=words,
        service_point_id=filing.point_id,
        department_id=_department_of(point),
        rating_id=filing.rating_id,
        origin_key=filing.origin_key,
        complainant_hash=filing.complainant_hash,
        contact_sealed=filing.contact_sealed,
        received_at=now,
        day=day,
        made_up=filing.made_up,
    )
    begin_clock(case, day)
    session.add(case)
    session.flush()
    case.number = _number(session, case, Month(day.year, day.month))
    session.add(CaseEvent(case_id=case.id, at=now, actor="patient", action="filed", text=words))
    if filing.kind == "complaint" and not filing.made_up:
        _tell_office(session, case, point, now)
    session.flush()
    return case


def begin_clock(case: Case, day: date) -> None:
    """Five working days after ``day`` for a complaint; other kinds have no date. Opened again, it begins anew: nobody
    could have answered in time what was said after that time."""
    due = deadline(day, SIMPLE_DAYS, calendar.is_workday) if case.kind == "complaint" else None
    case.due_on = due.day if due else None
    case.due_provisional = bool(due and due.provisional)


def of_rating(session: Session, rating_id: int) -> Case | None:
    """The case a rating opened."""
    return session.scalar(select(Case).where(Case.rating_id == rating_id))


def _department_of(point: ServicePoint | None) -> int | None:
    if point is None:
        return None
    return point.id if point.kind == "department" else point.department_id


def _number(session: Session, case: Case, month: Month) -> str:
    """T-2611-0417: kind, year and month, the how-manieth of that month."""
    letter = {"complaint": "T", "praise": "B", "suggestion": "J", "question": "Z"}[case.kind]
    prefix = f"{letter}-{month.year % 100:02d}{month.number:02d}-"
    longest_first = (func.length(Case.number).desc(), Case.number.desc())  # after 9999 comes 10000
    lock(session, "case numbers")
    recent = case.received_at - timedelta(days=32)  # an indexed range; the prefix alone would read every case there is
    of_month = select(Case.number).where(Case.received_at > recent, Case.number.startswith(prefix))
    last = session.scalar(of_month.order_by(*longest_first).limit(1))
    return f"{prefix}{int(last[len(prefix) :]) + 1 if last else 1:04d}"


def _tell_office(session: Session, case: Case, point: ServicePoint | None, now: datetime) -> None:
    """Urgent: at once, at most once in ten minutes. Otherwise one message an hour, at its end.

    So nobody's flood fills the group, and a colleague in it cannot tell from the minute who has just complained. No text of
    the patient leaves the console: the group only learns that there is something to read.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    is_urgent = case.urgency == "urgent"
    outbox.put(
        session,
        dedupe_key=f"cases:urgent:{now:%Y%m%d%H%M}"[:-1] if is_urgent else f"cases:{hour:%Y%m%d%H}",
        purpose="complaint_new",
        channel="wecom_group",
        recipient="complaints",
        payload={
            "title": text("complaints.push.title"),
            "text": text(
                f"complaints.push.{case.urgency}",
                number=case.number,
                about=point.name if point else text("complaints.push.nobody"),
                due_on=case.due_on,
            ),
        },
        now=now if is_urgent else hour,
        not_before=now if is_urgent else hour + timedelta(hours=1),
    )
