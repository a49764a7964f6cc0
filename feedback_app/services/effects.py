"""Before and after: what patients said before an activity or a date and since, with how sure the difference is (S48, S50)."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from feedback_app.db.activities import Activity, ActivityPerson
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.before_after import Change, Summary, compare
from feedback_app.domain.periods import local_day
from feedback_app.errors import Conflict, Refused
from feedback_app.services import activities, audit
from feedback_app.services.activities import CLOSED

WINDOW = timedelta(days=90)
LONGEST = timedelta(days=800)


@dataclass(frozen=True)
class Span:
    """Calendar days, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Line:
    name: str
    change: Change


def report(session: Session, before: Span, after: Span) -> list[Line]:
    """The whole hospital first, then each department with enough ratings on both sides; in pinyin order, never by result.

    Raises Refused ``activities.bad_span``.
    """
    for span in (before, after):
        if not span.first <= span.last or span.last - span.first > LONGEST:
            raise Refused("activities.bad_span")
    if not before.last < after.first:
        raise Refused("activities.bad_span")
    units = session.scalars(
        select(ServicePoint).where(ServicePoint.kind == "department").order_by(ServicePoint.sort_key, ServicePoint.key)
    ).all()
    old, new = _by_unit(session, before), _by_unit(session, after)
    lines = [Line("", compare(_all(old), _all(new)))]
    changes = [(unit.name, compare(_of(old.get(unit.id)), _of(new.get(unit.id)))) for unit in units]
    return lines + [Line(name, change) for name, change in changes if change.verdict != "too_few"]


Levels = tuple[int, ...]


def _by_unit(session: Session, span: Span) -> dict[int | None, Levels]:
    unit = func.coalesce(Rating.unit_id, ServicePoint.department_id, ServicePoint.id)
    query = select(unit, Rating.score, func.count()).join(ServicePoint, ServicePoint.id == Rating.service_point_id)
    query = query.where(Rating.status == "counted", Rating.day.between(span.first, span.last))
    found: dict[int | None, list[int]] = {}
    for unit_id, score, count in session.execute(query.group_by(unit, Rating.score)):
        if 1 <= score <= 5:
            found.setdefault(unit_id, [0] * 5)[score - 1] += count
    return {unit_id: tuple(levels) for unit_id, levels in found.items()}


def _of(levels: Levels | None) -> Summary:
    return Summary.of_levels(levels or (0,) * 5)


def _all(by_unit: dict[int | None, Levels]) -> Summary:
    return Summary.of_levels(tuple(map(sum, zip(*by_unit.values(), strict=True))) if by_unit else (0,) * 5)


def remember_before(session: Session, one: Activity) -> None:
    """When an activity is closed: how whom it is for was rated in the 90 days before its day."""
    one.before = _body(session, one, Span(one.day - WINDOW, one.day - timedelta(days=1)))
    session.flush()


def look_after(session: Session, activity_id: int, *, now: datetime, zone: ZoneInfo) -> Change:
    """How they were rated since, up to 90 days. Raises Conflict ``activities.not_closed``, Refused ``activities.too_early``."""
    one = activities.get(session, activity_id)
    if one.state != CLOSED:
        raise Conflict("activities.not_closed")
    last = min(local_day(now, zone) - timedelta(days=1), one.day + WINDOW)
    if last <= one.day:
        raise Refused("activities.too_early")
    one.after = _body(session, one, Span(one.day + timedelta(days=1), last))
    session.flush()
    audit.write(session, actor="system", action="activity.looked", subject=f"{one.kind_key} {one.id}", now=now)
    return change_of(one)


def change_of(one: Activity) -> Change:
    """The two sides as they were written down."""
    return compare(_summary(one.before), _summary(one.after))


def _summary(body: dict[str, Any]) -> Summary:
    return Summary(int(body.get("n", 0)), float(body.get("mean", 0.0)), float(body.get("variance", 0.0)))


def _body(session: Session, one: Activity, span: Span) -> dict[str, Any]:
    query = select(Rating.score, func.count()).join(ServicePoint, ServicePoint.id == Rating.service_point_id)
    query = query.where(Rating.status == "counted", Rating.day.between(span.first, span.last), _whom(one))
    counts = [0] * 5
    for score, count in session.execute(query.group_by(Rating.score)):
        if 1 <= score <= 5:
            counts[score - 1] = count
    made = asdict(Summary.of_levels(tuple(counts)))
    return {**made, "since": span.first.isoformat(), "until": span.last.isoformat()}


def _whom(one: Activity) -> ColumnElement[bool]:
    """Those who came; else the place or department it is about; else everybody."""
    came = select(ActivityPerson.service_point_id).where(
        ActivityPerson.activity_id == one.id,
        ActivityPerson.came.is_(True),
        ActivityPerson.service_point_id.is_not(None),
    )
    here = one.target_id or one.department_id
    place = or_(ServicePoint.id == here, ServicePoint.department_id == here) if here else ServicePoint.id.is_not(None)
    some = select(ActivityPerson.id).where(ActivityPerson.activity_id == one.id, ActivityPerson.came.is_(True)).exists()
    return or_(Rating.service_point_id.in_(came), ~some & place)
