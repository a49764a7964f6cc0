"""Who takes part in an activity, who came, and what each got out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import activities as rows
from feedback_app.db.activities import Activity, ActivityPerson
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.activities import ROLES
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, Gone, NotFound, Refused
from feedback_app.services import activities, case_people, outbox
from feedback_app.services.activities import CANCELLED, CLOSED, kind_of
from feedback_app.texts import text

EARLY, LATE = timedelta(hours=2), timedelta(hours=12)
MOST = 3000


@dataclass(frozen=True)
class Added:
    """How many were new, and what was typed that nobody is called."""

    added: int
    unknown: tuple[str, ...]


def add(session: Session, activity_id: int, typed: Sequence[str], role: str = "attendee") -> Added:
    """Staff by number or full name, a line each; ``dept:XN`` everybody of a department, ``*`` everybody; from outside (a
    consultant, a patient representative) with ``+`` before the name. Twice is once.

    Raises Conflict ``activities.over``, Refused ``activities.bad_role``, ``activities.too_many``.
    """
    one = activities.planned(session, activity_id)
    if role not in ROLES:
        raise Refused("activities.bad_role")
    known = {row.service_point_id for row in rows.people(session, one.id)}
    outside = {row.name for row in rows.people(session, one.id) if row.service_point_id is None}
    before, unknown = len(known) + len(outside), []
    for line in filter(None, map(clean, typed)):
        if line.startswith("+"):
            name = line[1:].strip()[:60]
            if name and name not in outside:
                outside.add(name)
                session.add(ActivityPerson(activity_id=one.id, name=name, role=role))
            continue
        found = _found(session, line)
        if not found:
            unknown.append(line[:60])
        for point in found:
            if point.id not in known:
                known.add(point.id)
                session.add(ActivityPerson(activity_id=one.id, service_point_id=point.id, role=role))
        if len(known) > MOST:
            raise Refused("activities.too_many", most=MOST)
    session.flush()
    return Added(len(known) + len(outside) - before, tuple(unknown[:20]))


def _found(session: Session, line: str) -> Sequence[ServicePoint]:
    staff = select(ServicePoint).where(ServicePoint.kind == "staff", ServicePoint.active).order_by(ServicePoint.key)
    if line == "*":
        return session.scalars(staff).all()
    if line.startswith("dept:"):
        unit = select(ServicePoint.id).where(ServicePoint.kind == "department", ServicePoint.key == line[5:].strip())
        return session.scalars(staff.where(ServicePoint.department_id.in_(unit))).all()
    exact = session.scalars(staff.where((ServicePoint.key == line) | (ServicePoint.name == line))).all()
    return exact if len(exact) == 1 else [one for one in exact if one.key == line]


def check_in(session: Session, code: str, point: ServicePoint, now: datetime) -> Activity:
    """By the picture at the door: from two hours before it begins until twelve after. Twice is once, uninvited too.

    Raises NotFound ``activities.none``, Conflict ``activities.not_now``, Gone ``activities.called_off``.
    """
    one = by_code(session, code)
    if one.state == CANCELLED:
        raise Gone("activities.called_off")
    if not one.starts_at - EARLY <= now <= one.starts_at + timedelta(minutes=one.minutes) + LATE or one.state == CLOSED:
        raise Conflict("activities.not_now")
    row = of(session, one.id, point.id)
    if row is None:
        row = ActivityPerson(activity_id=one.id, service_point_id=point.id)
        session.add(row)
    if not row.came:
        row.came, row.came_at, row.came_how = True, now, "code"
    session.flush()
    return one


def by_code(session: Session, code: str) -> Activity:
    """Raises NotFound ``activities.none``; also for kinds without a picture at the door."""
    found = session.scalar(select(Activity).where(Activity.code == code))
    if found is None or not kind_of(found).has("code"):
        raise NotFound("activities.none")
    return found


def of(session: Session, activity_id: int, point_id: int) -> ActivityPerson | None:
    query = select(ActivityPerson).where(ActivityPerson.activity_id == activity_id)
    return session.scalar(query.where(ActivityPerson.service_point_id == point_id))


def tick(
    session: Session, activity_id: int, told: Mapping[int, tuple[bool | None, str]], *, by: str, now: datetime
) -> int:
    """What the list on paper says: row id -> came (None: unknown) and points as typed. How many rows changed.

    Raises Conflict ``activities.over``, Refused ``activities.bad_points``.
    """
    one = activities.planned(session, activity_id)
    changed = 0
    for row in rows.people(session, one.id):
        if row.id not in told:
            continue
        came, typed = told[row.id]
        points = _points(typed)
        if (row.came, row.points) != (came, points):
            if row.came != came:
                row.came, row.came_at, row.came_how = came, now if came else None, by if came is not None else ""
            row.points = points
            changed += 1
    session.flush()
    return changed


def _points(typed: str) -> float | None:
    if not typed.strip():
        return None
    try:
        points = float(typed)
    except ValueError:
        points = -1.0
    if not 0 <= points <= 100:
        raise Refused("activities.bad_points")
    return points


def drop(session: Session, activity_id: int, row_id: int) -> None:
    """Taken off the list again, unless they came. Raises Conflict ``activities.over``."""
    one = activities.planned(session, activity_id)
    row = session.get(ActivityPerson, row_id)
    if row is not None and row.activity_id == one.id and not row.came:
        session.delete(row)
        session.flush()


def invite(session: Session, activity_id: int, *, when: str, base_url: str, now: datetime) -> tuple[int, int]:
    """A message to everybody of the staff on the list, once each; nothing goes out before it is announced. How many are told,
    and how many have no channel."""
    one = activities.planned(session, activity_id)
    told = without = 0
    for row in rows.people(session, one.id):
        if row.service_point is None or not kind_of(one).announced:
            continue
        way = case_people.way(session, row.service_point)
        if way is case_people.OFFICE:
            without += 1
            continue
        told += outbox.put(
            session, dedupe_key=f"activity:{one.id}:{way.name}"[:160], purpose="activity", channel=way.channel,
            recipient=way.recipient, now=now, service_point_id=way.point_id,
            payload={
                "title": text("activities.push.title"), "url": f"{base_url}/staff/activities/{one.id}",
                "text": text("activities.push.text", title=one.title, when=when, place=one.place or "—"),
            },
        )  # fmt: skip
    return told, without
