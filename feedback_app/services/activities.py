"""Activities: planned, found by month, changed until they are closed, closed with their outcome."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db import activities as rows
from feedback_app.db.activities import Activity, ActivityPerson
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.activities import Kind, open_items, parse, to_body, worth
from feedback_app.domain.identity import readable
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import HEAD, Viewer
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import activity_kinds, activity_points, audit

PLANNED, CLOSED, CANCELLED = "planned", "closed", "cancelled"
STATES = (PLANNED, CLOSED, CANCELLED)
LONGEST = 8000
FURTHEST = timedelta(days=800)


@dataclass(frozen=True)
class Plan:
    """What the form says. ``form_key`` makes sending it twice one."""

    kind: str
    title: str
    starts_at: datetime
    form_key: str
    minutes: int = 60
    place: str = ""
    lead: str = ""
    department_id: int | None = None
    target_id: int | None = None
    campaign: str = ""
    about: str = ""


@dataclass(frozen=True)
class Listed:
    """One line: the activity, its kind, and how many take part and came."""

    one: Activity
    kind: Kind
    people: int = 0
    came: int = 0


@dataclass(frozen=True)
class Calendar:
    """A calendar: weeks of days, each with what happens on it."""

    weeks: Sequence[Sequence[date]]
    by_day: dict[date, list[Listed]] = field(default_factory=dict)


def plan(session: Session, wanted: Plan, *, by: str, now: datetime, zone: ZoneInfo) -> Activity:
    """Raises NotFound ``activities.no_kind``, Refused ``activities.needs_title``, ``activities.bad_day``,
    ``activities.needs_target``, ``activities.bad_target``."""
    known = session.scalar(select(Activity).where(Activity.form_key == wanted.form_key))
    if known is not None:
        return known
    kind = activity_kinds.get(session, wanted.kind)
    made = Activity(kind_key=kind.key, kind=to_body(kind), form_key=wanted.form_key, made_by=by, made_at=now)
    made.code = readable(secrets.token_bytes(8), 12)
    _fill(session, made, kind, wanted, now, zone)
    session.add(made)
    session.flush()
    if kind.has("advice") and made.target_id:
        session.add(ActivityPerson(activity_id=made.id, service_point_id=made.target_id, role="coached"))
    audit.write(session, actor=by, action="activity.planned", subject=f"{kind.key} {made.id}", now=now)
    return made


def change(session: Session, activity_id: int, wanted: Plan, *, by: str, now: datetime, zone: ZoneInfo) -> Activity:
    """Another day, place or title. Raises as :func:`plan`, and Conflict ``activities.over``."""
    one = planned(session, activity_id)
    _fill(session, one, kind_of(one), wanted, now, zone)
    audit.write(session, actor=by, action="activity.changed", subject=f"{one.kind_key} {one.id}", now=now)
    return one


def _fill(session: Session, one: Activity, kind: Kind, wanted: Plan, now: datetime, zone: ZoneInfo) -> None:
    one.title = clean(wanted.title)[:120]
    if not one.title:
        raise Refused("activities.needs_title")
    if not now - FURTHEST < wanted.starts_at < now + FURTHEST or not 0 < wanted.minutes <= 24 * 60:
        raise Refused("activities.bad_day")
    one.starts_at, one.day, one.minutes = wanted.starts_at, local_day(wanted.starts_at, zone), wanted.minutes
    one.place, one.lead = clean(wanted.place)[:120], clean(wanted.lead)[:120]
    one.campaign, one.about = clean(wanted.campaign)[:60], wanted.about[:60]
    one.department_id, one.target_id = wanted.department_id, wanted.target_id
    target = session.get(ServicePoint, wanted.target_id) if wanted.target_id else None
    if kind.targets and target is None:
        raise Refused("activities.needs_target")
    if target is not None and target.kind not in kind.targets:
        raise Refused("activities.bad_target")


def get(session: Session, activity_id: int) -> Activity:
    """Raises NotFound ``activities.none``."""
    wide = (joinedload(Activity.department), joinedload(Activity.target).joinedload(ServicePoint.department))
    found = session.get(Activity, activity_id, options=wide)
    if found is None:
        raise NotFound("activities.none")
    return found


def planned(session: Session, activity_id: int) -> Activity:
    """One that can still change. Raises NotFound ``activities.none``, Conflict ``activities.over``."""
    one = get(session, activity_id)
    if one.state != PLANNED:
        raise Conflict("activities.over")
    return one


def seen_by(session: Session, viewer: Viewer, activity_id: int) -> Activity:
    """A head sees those of the own department and those of the whole hospital. Raises NotFound ``activities.none``."""
    one = get(session, activity_id)
    if viewer.role == HEAD and not _of_unit(one, viewer.department_id):
        raise NotFound("activities.none")
    return one


def _of_unit(one: Activity, unit: int | None) -> bool:
    kind = kind_of(one)
    if kind.has("advice") or (not kind.announced and one.state != CLOSED):
        return False
    theirs = one.target is not None and unit in (one.target.id, one.target.department_id)
    return theirs or one.department_id == unit or (one.department_id is None and not kind.targets)


def kind_of(one: Activity) -> Kind:
    """As it was when the activity was planned."""
    return parse(one.kind)


def listed(session: Session, viewer: Viewer, month: Month, *, kind: str = "", state: str = "") -> list[Listed]:
    """Those of one month that the viewer may see, in order of time."""
    following = month.shifted(1)
    first, end = date(month.year, month.number, 1), date(following.year, following.number, 1)
    query = select(Activity).where(Activity.day >= first, Activity.day < end)
    query = query.where(Activity.kind_key == kind) if kind else query
    query = query.where(Activity.state == state) if state else query
    wide = query.options(joinedload(Activity.department), joinedload(Activity.target))
    found = session.scalars(wide.order_by(Activity.starts_at, Activity.id)).all()
    if viewer.role == HEAD:
        found = [one for one in found if _of_unit(one, viewer.department_id)]
    return _counted(session, found)


def _counted(session: Session, found: Sequence[Activity]) -> list[Listed]:
    people: dict[int, list[bool | None]] = {}
    query = select(ActivityPerson.activity_id, ActivityPerson.came).where(
        ActivityPerson.activity_id.in_([one.id for one in found])
    )
    for activity_id, came in session.execute(query):
        people.setdefault(activity_id, []).append(came)
    return [
        Listed(one, kind_of(one), len(people.get(one.id, ())), sum(came is True for came in people.get(one.id, ())))
        for one in found
    ]


def calendar(month: Month, found: Sequence[Listed]) -> Calendar:
    """Whole weeks, Monday first."""
    first = date(month.year, month.number, 1)
    begin = first - timedelta(days=first.weekday())
    following = month.shifted(1)
    days = (date(following.year, following.number, 1) - begin).days
    weeks = [[begin + timedelta(days=7 * week + day) for day in range(7)] for week in range(-(-days // 7))]
    made = Calendar(weeks)
    for one in found:
        made.by_day.setdefault(one.one.day, []).append(one)
    return made


def close(session: Session, activity_id: int, summary: str, *, by: str, now: datetime, zone: ZoneInfo) -> Activity:
    """The outcome, once. The points of a checklist go to the awards that ask for them (services.activity_points).

    Raises Conflict ``activities.over``, Refused ``activities.not_begun``, ``activities.items_open``,
    ``activities.needs_outcome``, ``activities.too_long``.
    """
    one = planned(session, activity_id)
    kind, words = kind_of(one), clean(summary)
    if one.starts_at > now:
        raise Refused("activities.not_begun")
    if len(words) > LONGEST:
        raise Refused("activities.too_long", most=LONGEST, length=len(words))
    marks = {mark.item: mark.mark for mark in rows.marks(session, one.id)}
    left = open_items(kind.items, marks)
    if left:
        raise Refused("activities.items_open", count=len(left))
    if not words and not kind.items:
        raise Refused("activities.needs_outcome")
    one.summary, one.state, one.closed_by, one.closed_at = words, CLOSED, by, now
    one.points = worth(kind.items, marks)
    one.counted_in = activity_points.enter(session, one, kind, by=by, now=now)
    activity_points.count_figure(session, one, kind, by=by, now=now)
    session.flush()
    audit.write(session, actor=by, action="activity.closed", subject=f"{kind.key} {one.id}", now=now)
    return one


def cancel(session: Session, activity_id: int, why: str, *, by: str, now: datetime) -> Activity:
    """It does not take place, for this reason. Raises Conflict ``activities.over``, Refused ``activities.needs_outcome``."""
    one = planned(session, activity_id)
    words = clean(why)[:LONGEST]
    if not words:
        raise Refused("activities.needs_outcome")
    one.summary, one.state, one.closed_by, one.closed_at = words, CANCELLED, by, now
    audit.write(session, actor=by, action="activity.cancelled", subject=f"{one.kind_key} {one.id}", now=now)
    return one


def of_person(session: Session, point: ServicePoint, now: datetime, *, back_days: int = 120) -> list[Activity]:
    """What somebody on the staff is invited to, was at, or that is open to all; what is not announced only once closed."""
    mine = select(ActivityPerson.activity_id).where(ActivityPerson.service_point_id == point.id)
    open_to = or_(Activity.department_id.is_(None), Activity.department_id == point.department_id)
    query = select(Activity).where(
        Activity.starts_at > now - timedelta(days=back_days), Activity.state != CANCELLED,
        or_(Activity.id.in_(mine), open_to, Activity.target_id == point.id),
    )  # fmt: skip
    taking_part = set(session.scalars(mine))
    found = session.scalars(query.order_by(Activity.starts_at.desc()).limit(300)).all()
    return [one for one in found if _shown_to(one, point, taking_part)]


def _shown_to(one: Activity, point: ServicePoint, taking_part: set[int]) -> bool:
    kind = kind_of(one)
    if one.id in taking_part:
        return True
    if one.target_id == point.id:
        return kind.announced or one.state == CLOSED
    return kind.announced and not kind.targets and kind.has("people") and not kind.has("advice")
