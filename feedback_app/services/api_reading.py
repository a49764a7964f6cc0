"""What other programs may read: never a text, receipt, time of day, or anything of whoever wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from feedback_app.db import assessments
from feedback_app.db.complaints import Case
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.leaves import Leave
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.domain.periods import Month, local_day
from feedback_app.errors import Refused
from feedback_app.services import leaderboards

AT_ONCE = 500


@dataclass(frozen=True)
class RatingLine:
    cursor: str
    kind: str
    key: str
    day: date
    score: int
    channel: str
    status: str
    why_not: str
    verified: bool


def ratings(session: Session, day: date, after: str, *, zone: ZoneInfo, now: datetime) -> list[RatingLine]:
    """A page of the ratings of one day that is over, in an order that has nothing to do with when they came.

    Raises Refused ``api.day_not_over``.
    """
    if day >= local_day(now, zone):
        raise Refused("api.day_not_over", day=day)
    query = (
        select(Rating, ServicePoint.kind, ServicePoint.key)
        .join(ServicePoint, Rating.service_point_id == ServicePoint.id)
        .where(Rating.period == str(Month(day.year, day.month)), Rating.day == day, Rating.status != CANARY)
        .where(Rating.answers_digest > after)
        .order_by(Rating.answers_digest)
        .limit(AT_ONCE)
    )
    return [
        RatingLine(
            one.answers_digest, kind, key, one.day, one.score, one.channel, one.status, one.why_not, one.verified
        )
        for one, kind, key in session.execute(query)
    ]


@dataclass(frozen=True)
class CaseLine:
    number: str
    kind: str
    urgency: str
    source: str
    state: str
    about_kind: str
    about_key: str
    department: str
    received_on: date
    due_on: date | None
    answered_on: date | None
    closed_on: date | None


def cases(session: Session, since: date, after: str, zone: ZoneInfo) -> list[CaseLine]:
    """A page of the cases received on ``since`` or later, by number."""
    place, unit = aliased(ServicePoint), aliased(ServicePoint)
    query = (
        select(Case, place.kind, place.key, unit.key)
        .outerjoin(place, Case.service_point_id == place.id)
        .outerjoin(unit, Case.department_id == unit.id)
        .where(Case.day >= since, Case.number > after)
        .order_by(Case.number)
        .limit(AT_ONCE)
    )
    return [
        CaseLine(
            number=case.number or "",
            kind=case.kind,
            urgency=case.urgency,
            source=case.source,
            state=case.state,
            about_kind=kind or "",
            about_key=key or "",
            department=department or "",
            received_on=case.day,
            due_on=case.due_on,
            answered_on=case.answered_on,
            closed_on=local_day(case.closed_at, zone) if case.closed_at else None,
        )
        for case, kind, key, department in session.execute(query)
    ]


@dataclass(frozen=True)
class PointLine:
    kind: str
    key: str
    name: str
    department: str
    category: str
    title: str
    active: bool


def points(session: Session, kind: str, after: str) -> list[PointLine]:
    """A page of the directory, by number."""
    unit = aliased(ServicePoint)
    query = (
        select(ServicePoint, unit.key)
        .outerjoin(unit, ServicePoint.department_id == unit.id)
        .where(ServicePoint.kind == kind, ServicePoint.key > after)
        .order_by(ServicePoint.key)
        .limit(AT_ONCE)
    )
    return [
        PointLine(one.kind, one.key, one.name, department or "", one.category, one.title, one.active)
        for one, department in session.execute(query)
    ]


@dataclass(frozen=True)
class DutyLine:
    window: str
    staff: str
    shift: str
    starts_at: datetime
    ends_at: datetime


def duty(session: Session, since: datetime, until: datetime) -> list[DutyLine]:
    """Shifts that begin in this time, the first ``AT_ONCE`` times ten."""
    window, member = aliased(ServicePoint), aliased(ServicePoint)
    query = (
        select(DutySlot, window.key, member.key)
        .join(window, DutySlot.window_id == window.id)
        .join(member, DutySlot.staff_id == member.id)
        .where(DutySlot.starts_at >= since, DutySlot.starts_at < until)
        .order_by(DutySlot.starts_at, DutySlot.id)
        .limit(AT_ONCE * 10)
    )
    return [DutyLine(w, m, one.shift, one.starts_at, one.ends_at) for one, w, m in session.execute(query)]


def leaves(session: Session, since: date) -> list[tuple[str, date, date]]:
    """Staff number, first and last day of every leave that has not ended before ``since``."""
    query = select(ServicePoint.key, Leave.first_day, Leave.last_day).join(
        ServicePoint, Leave.staff_id == ServicePoint.id
    )
    rows = session.execute(query.where(Leave.last_day >= since).order_by(Leave.first_day, ServicePoint.key))
    return [(key, first, last) for key, first, last in rows.fetchmany(AT_ONCE * 10)]


def figures(session: Session, name: str, period: str) -> list[tuple[str, str, float]]:
    """Kind, number and value of one figure and period."""
    found = {one.service_point_id: one.value for one in assessments.figures(session, {name}, period)}
    columns = (ServicePoint.id, ServicePoint.kind, ServicePoint.key)
    rows = session.execute(select(*columns).order_by(ServicePoint.kind, ServicePoint.key)).all()
    return [(kind, key, found[point]) for point, kind, key in rows if point in found]


def boards(session: Session, awards: Sequence[str]) -> list[tuple[str, str]]:
    """Award and period of everything published."""
    return [(award, str(period)) for award in awards for period in leaderboards.published(session, award)]
