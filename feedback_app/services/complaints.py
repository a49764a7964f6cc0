"""Complaints, praise and suggestions: filing them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import complaints
from feedback_app.db.complaints import LEAD, Case, CaseDepartment
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock
from feedback_app.domain.complaints import CATEGORIES, KINDS, LETTERS, SEVERITIES, SOURCES
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Refused
from feedback_app.services import case_clock, case_history, case_words, outbox
from feedback_app.texts import text

LONGEST_TEXT = 2000
FILED = "filed"
_TOLD = {"complaint": "normal", "repair": "works", "supply": "works"}
"""Kinds the office's group is told of, and in which words."""


@dataclass(frozen=True)
class Filing:
    """What somebody wants to be dealt with. ``origin_key`` makes the same filing, sent again, the same case."""

    text: str
    source: str  # ``domain.complaints.SOURCES``
    origin_key: str
    kind: str = "complaint"
    urgency: str = "normal"
    category: str = ""
    severity: str = ""
    received_on: date | None = None  # a letter that lay there: earlier than today; None: today
    first_receiver: str = (
        ""  # who wrote it down for the patient (首诉负责): login or "staff:D01", and owns it until handed over
    )
    point_id: int | None = None
    rating_id: int | None = None
    complainant_hash: str | None = None
    contact_sealed: str = ""
    made_up: bool = False


def file(session: Session, filing: Filing, *, zone: ZoneInfo, now: datetime) -> Case:
    """Open a case with number and deadline, tell the complaints office, and return it; filed before: that same case.

    The deadline is that of its kind (``case_clock.DAYS``), counted from the day after receipt. Whoever wrote it down for the
    patient owns it until somebody accepts it (首诉负责制). Raises Refused ``complaints.too_long``, ``complaints.bad_choice``,
    ``complaints.received_later``; an empty text is allowed (a low rating without words).
    """
    known = (
        complaints.by_origin(session, filing.origin_key) if complaints.is_known(session, filing.origin_key) else None
    )
    if known is not None:
        return known
    words, today = clean(filing.text), local_day(now, zone)
    _check(filing, words, today)
    day = filing.received_on or today
    point = session.get(ServicePoint, filing.point_id) if filing.point_id else None
    case = Case(
        kind=filing.kind,
        urgency=filing.urgency,
        category=filing.category,
        severity=filing.severity,
        source=filing.source,
        text=case_words.taken_in(session, words).shown,
        service_point_id=filing.point_id,
        department_id=_department_of(point),
        rating_id=filing.rating_id,
        origin_key=filing.origin_key,
        complainant_hash=filing.complainant_hash,
        first_receiver=filing.first_receiver,
        owner=filing.first_receiver,
        received_at=now,
        day=day,
        made_up=filing.made_up,
    )
    case_clock.begin(session, case, day)
    case.number = _number(session, case, Month(today.year, today.month))
    session.add(case)
    session.flush()
    if case.department_id:
        session.add(CaseDepartment(case_id=case.id, department_id=case.department_id, role=LEAD, since=day))
    actor = filing.first_receiver or "patient"
    case_history.write(session, case, FILED, actor=actor, now=now, text=words)
    case_words.keep_contact(session, case, filing.contact_sealed, now)
    if filing.kind in _TOLD and not filing.made_up:
        _tell_office(session, case, point, now)
    session.flush()
    return case


def _check(filing: Filing, words: str, today: date) -> None:
    if len(words) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(words))
    choices = (
        (filing.kind, KINDS),
        (filing.source, SOURCES),
        (filing.category, ("", *CATEGORIES)),
        (filing.severity, ("", *SEVERITIES)),
    )
    for chosen, offered in choices:
        if chosen not in offered:
            raise Refused("complaints.bad_choice", chosen=chosen[:20])
    if filing.received_on and filing.received_on > today:
        raise Refused("complaints.received_later", day=filing.received_on)


def of_rating(session: Session, rating_id: int) -> Case | None:
    """The case a rating opened."""
    return session.scalar(select(Case).where(Case.rating_id == rating_id))


def _department_of(point: ServicePoint | None) -> int | None:
    if point is None:
        return None
    return point.id if point.kind == "department" else point.department_id


def _number(session: Session, case: Case, month: Month) -> str:
    """T-2611-0417: kind, year and month, the how-manieth of that month."""
    prefix = f"{LETTERS[case.kind]}-{month.year % 100:02d}{month.number:02d}-"
    lock(session, "case numbers")
    last = complaints.last_number(session, prefix)
    return f"{prefix}{int(last[len(prefix) :]) + 1 if last else 1:04d}"


def _tell_office(session: Session, case: Case, point: ServicePoint | None, now: datetime) -> None:
    """Urgent: at once, at most once in ten minutes. Otherwise one message an hour, at its end.

    So nobody's flood fills the group, and a colleague in it cannot tell from the minute who has just complained. No text of
    the patient leaves the console: the group only learns that there is something to read.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    is_urgent = case.urgency == "urgent"
    words = "urgent" if is_urgent else _TOLD[case.kind]
    outbox.put(
        session,
        dedupe_key=f"cases:urgent:{now:%Y%m%d%H%M}"[:-1] if is_urgent else f"cases:{words}:{hour:%Y%m%d%H}",
        purpose="complaint_new",
        channel="wecom_group",
        recipient="complaints",
        payload={
            "title": text("complaints.push.title"),
            "text": text(
                f"complaints.push.{words}",
                number=case.number,
                about=point.name if point else text("complaints.push.nobody"),
                due_on=case.due_on,
            ),
        },
        now=now if is_urgent else hour,
        not_before=now if is_urgent else hour + timedelta(hours=1),
    )
