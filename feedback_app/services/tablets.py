"""Assisted rating on a shared tablet: one device, many patients, one after the other.

The console makes a tablet and opens its link on the device once. What is rated there bears the channel ``assisted``. The device
is no person: one patient after another may rate the same place there. Whoever carries it must not collect ratings of their own
department: for those the tablet refuses.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.codes import Code
from feedback_app.db.directory import ServicePoint
from feedback_app.db.tablets import Tablet, by_secret
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, forms
from feedback_app.services.forms import Alternative

CHANNEL = "assisted"
OFFERED = ("window", "place", "logistics", "department")
MOST_OFFERED = 200


@dataclass(frozen=True)
class Mode:
    """The tablet at this browser. ``department_id``: of whoever carries it."""

    id: int
    name: str
    department_id: int | None


def make(session: Session, name: str, department_id: int | None, *, by: str, now: datetime) -> tuple[Tablet, str]:
    """A tablet and the secret of its link, which is shown once. Raises Refused ``tablets.no_name``, NotFound
    ``tablets.no_department``."""
    called = clean(name)[:60]
    if not called:
        raise Refused("tablets.no_name")
    unit = session.get(ServicePoint, department_id) if department_id is not None else None
    if department_id is not None and (unit is None or unit.kind != "department"):
        raise NotFound("tablets.no_department")
    secret = secrets.token_urlsafe(24)
    tablet = Tablet(name=called, department_id=department_id, secret_hash=_hash(secret), made_at=now, made_by=by)
    session.add(tablet)
    audit.write(session, actor=by, action="tablets.made", subject=called, now=now)
    session.flush()
    return tablet, secret


def end(session: Session, tablet_id: int, *, by: str, now: datetime) -> None:
    """The device is an ordinary browser from now on. Doing it again changes nothing. Raises NotFound ``tablets.unknown``."""
    tablet = session.get(Tablet, tablet_id)
    if tablet is None:
        raise NotFound("tablets.unknown")
    if tablet.ended_at is None:
        tablet.ended_at = now
        audit.write(session, actor=by, action="tablets.ended", subject=tablet.name, now=now)


def mode_of(session: Session, secret: str) -> Mode | None:
    """The tablet that has this secret, while it is in use."""
    found = by_secret(session, _hash(secret)) if secret else None
    return Mode(found.id, found.name, found.department_id) if found and found.ended_at is None else None


def listed(session: Session) -> Sequence[Tablet]:
    """All tablets, those in use first, newest first."""
    query = select(Tablet).options(joinedload(Tablet.department))
    return session.scalars(query.order_by(Tablet.ended_at.is_not(None), Tablet.id.desc())).all()


def is_own(mode: Mode, point: ServicePoint) -> bool:
    """Whether the place belongs to whoever carries the tablet."""
    return mode.department_id is not None and mode.department_id in {point.id, point.department_id}


def check(session: Session, mode: Mode, point_id: int) -> None:
    """Raises Refused ``tablets.own_unit`` when the helper's own department would be rated."""
    point = session.get(ServicePoint, point_id)
    if point is not None and is_own(mode, point):
        raise Refused("tablets.own_unit")


def offered(session: Session, mode: Mode) -> list[Alternative]:
    """What can be chosen on the first page: places in use with a code, none of the helper's own department."""
    query = select(Code).join(ServicePoint, Code.service_point_id == ServicePoint.id)
    query = query.where(Code.status == "active", ServicePoint.active, ServicePoint.kind.in_(OFFERED))
    found = session.scalars(query.order_by(ServicePoint.kind.desc(), ServicePoint.sort_key, ServicePoint.key)).all()
    foreign = [one for one in found if not is_own(mode, one.service_point)]
    return [Alternative(one.text or "", forms.place_of(one.service_point)) for one in foreign[:MOST_OFFERED]]


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
