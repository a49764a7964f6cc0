"""The bodies of an award and their members: who sits in which, for how long, what is lacking, who stands aside (S5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from feedback_app.db import bodies as table
from feedback_app.db.bodies import BodyMember
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import bodies
from feedback_app.domain.award_parts import Body
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.bodies import Lacking, Seat
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, directory

__all__ = ["BodyMember", "Sitting"]


@dataclass(frozen=True)
class Sitting:
    """A body of a scheme with its members. ``former``: those whose term is over."""

    body: Body
    members: Sequence[BodyMember]
    former: Sequence[BodyMember]
    lacking: Sequence[Lacking]

    @property
    def staff(self) -> Sequence[BodyMember]:
        """Those who may be named to everybody: members of staff, and people from outside the hospital."""
        return [one for one in self.members if one.role != bodies.PATIENT]

    @property
    def patients(self) -> int:
        """Patients' representatives are told by number only."""
        return len(self.members) - len(self.staff)


@dataclass(frozen=True)
class Entry:
    """What is typed to give somebody a seat: ``who`` is a staff number, or a name from outside."""

    body: str
    who: str
    role: str
    since: date
    until: date | None = None


def of_scheme(session: Session, scheme: Scheme, day: date) -> list[Sitting]:
    """Every body that the scheme has, as it sits on that day."""
    found = table.of_award(session, scheme.key)
    return [_sitting(body, [one for one in found if one.body == body.key], day) for body in scheme.bodies]


def _sitting(body: Body, found: Sequence[BodyMember], day: date) -> Sitting:
    over = [one for one in found if one.until is not None and one.until < day]
    members = [one for one in found if one not in over]
    return Sitting(body, members, over, bodies.lacking(body, [seat_of(one) for one in members], day))


def seat_of(one: BodyMember) -> Seat:
    unit = one.person.department_id if one.person else None
    return Seat(one.role, one.since, one.until, one.service_point_id, unit)


def seat(session: Session, scheme: Scheme, told: Entry, *, by: str, now: datetime) -> BodyMember:
    """Give somebody a seat. Raises Refused ``bodies.unknown_body`` / ``bad_role`` / ``no_name`` / ``bad_term`` /
    ``patient_is_staff`` / ``sits_already``."""
    if not any(one.key == told.body for one in scheme.bodies):
        raise Refused("bodies.unknown_body")
    if told.role not in bodies.ROLES:
        raise Refused("bodies.bad_role")
    if told.until is not None and told.until < told.since:
        raise Refused("bodies.bad_term")
    person = directory.by_key(session, told.who.strip())
    name = person.name if person is not None else told.who.strip()
    if not name or (person is not None and person.kind != "staff"):
        raise Refused("bodies.no_name")
    if person is not None and told.role == bodies.PATIENT:
        raise Refused("bodies.patient_is_staff", name=name)
    _not_twice(session, scheme, told, person, name)
    made = BodyMember(
        award_key=scheme.key,
        body=told.body,
        service_point_id=person.id if person else None,
        name=name[:60],
        role=told.role,
        since=told.since,
        until=told.until,
        made_by=by,
        made_at=now,
    )
    session.add(made)
    session.flush()
    audit.write(session, actor=by, action="body.seated", subject=f"{scheme.key} {told.body} {made.id}", now=now, role=told.role)  # fmt: skip
    return made


def _not_twice(session: Session, scheme: Scheme, told: Entry, person: ServicePoint | None, name: str) -> None:
    for one in table.of_award(session, scheme.key):
        same = one.service_point_id == person.id if person else one.service_point_id is None and one.name == name
        apart = (one.until is not None and one.until < told.since) or (
            told.until is not None and told.until < one.since
        )
        if one.body == told.body and same and not apart:
            raise Refused("bodies.sits_already", name=name)


def end(session: Session, member_id: int, last: date, *, by: str, now: datetime) -> BodyMember:
    """The term ends with that day, at the earliest with its first; what the member gave stays. Raises NotFound
    ``bodies.no_member``."""
    one = session.get(BodyMember, member_id)
    if one is None:
        raise NotFound("bodies.no_member")
    one.until = max(last, one.since)
    session.flush()
    audit.write(session, actor=by, action="body.ended", subject=f"{one.award_key} {one.body} {one.id}", now=now)
    return one


def entitled(session: Session, scheme: Scheme, kind: str, day: date) -> list[BodyMember]:
    """Who may give points for this kind of criterion: the members of the bodies that the scheme charges with it; where it
    charges none, of all its bodies."""
    task = bodies.TASKS.get(kind, "")
    charged = [one.key for one in scheme.bodies if task in one.tasks] or [one.key for one in scheme.bodies]
    found = table.of_award(session, scheme.key)
    return [one for one in found if one.body in charged and seat_of(one).holds(day)]


def aside(members: Sequence[BodyMember], candidates: Sequence[ServicePoint]) -> Mapping[int, list[str]]:
    """Member -> names of those candidates about whom they must not decide."""
    found = {}
    for one in members:
        names = [who.name for who in candidates if bodies.stands_aside(seat_of(one), who.id, who.department_id)]
        if names:
            found[one.id] = names
    return found
