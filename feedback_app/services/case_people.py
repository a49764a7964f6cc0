"""Who is told about a case at the hospital: its owner, heads of its departments, the complaints office, the directors.

An owner is a login or ``staff:D01``. A login belongs to the member of staff its account names, else to the one
with that staff number or WeCom userid; the messages of
everybody who cannot be reached go to the complaints office's group, so that nothing is silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import Binding
from feedback_app.domain.roles import DIRECTOR, HEAD
from feedback_app.errors import NotFound
from feedback_app.services import outbox
from feedback_app.services.deliveries import PERSONAL
from feedback_app.texts import text

OFFICE_GROUP = "complaints"
HEADS = ("主任", "护士长", "科长", "班长", "组长", "负责人", "经理")
_DEPUTY = "副"


@dataclass(frozen=True)
class Way:
    """One way to one recipient, as the outbox takes it. ``name`` makes messages to different people different."""

    name: str
    channel: str
    recipient: str
    point_id: int | None = None


OFFICE = Way("office", "wecom_group", OFFICE_GROUP)


def exists(session: Session, who: str) -> bool:
    """Whether a case can be offered to this login or ``staff:D01``."""
    if who.startswith("staff:"):
        return staff(session, who) is not None
    return session.scalar(select(Account.id).where(Account.login == who, Account.active)) is not None


def staff(session: Session, who: str) -> ServicePoint | None:
    """The active member of staff behind an owner's name; None when nobody can be told."""
    key = who.removeprefix("staff:")
    if not key:
        return None
    query = select(ServicePoint).where(ServicePoint.kind == "staff", ServicePoint.active)
    if who.startswith("staff:"):
        return session.scalar(query.where(ServicePoint.key == key))
    person_id = session.scalar(select(Account.person_id).where(Account.login == who, Account.active))
    if person_id is not None:
        return session.scalar(query.where(ServicePoint.id == person_id))
    same = or_(func.lower(ServicePoint.key) == key.lower(), func.lower(ServicePoint.wecom_userid) == key.lower())
    return session.scalar(query.where(same).order_by(ServicePoint.id))


def department(session: Session, key: str) -> ServicePoint:
    """Raises NotFound ``complaints.no_department``."""
    found = session.scalar(select(ServicePoint).where(ServicePoint.kind == "department", ServicePoint.key == key))
    if found is None:
        raise NotFound("complaints.no_department", key=key[:20])
    return found


def is_head(duty: str) -> bool:
    return any(word in duty for word in HEADS) and _DEPUTY not in duty


def heads(session: Session, department_id: int | None) -> list[ServicePoint]:
    """Active heads of one department: accounts of that role, else as the directory names their duty."""
    if department_id is None:
        return []
    accounts = select(Account.login).where(Account.role == HEAD, Account.active, Account.department_id == department_id)
    named = [staff(session, login) for login in session.scalars(accounts.order_by(Account.id))]
    known = [one for one in named if one is not None]
    if known:
        return known
    query = select(ServicePoint).where(
        ServicePoint.kind == "staff", ServicePoint.active, ServicePoint.department_id == department_id
    )
    return [one for one in session.scalars(query.order_by(ServicePoint.id)) if is_head(one.duty)]


def directors(session: Session, keys: Sequence[str]) -> list[ServicePoint]:
    """The heads of the hospital: staff numbers of the configuration, and accounts with that role."""
    logins = session.scalars(select(Account.login).where(Account.role == DIRECTOR, Account.active)).all()
    found = [staff(session, who) for who in (*(f"staff:{key}" for key in keys), *logins)]
    return list({one.id: one for one in found if one is not None}.values())


def way(session: Session, point: ServicePoint | None) -> Way:
    """The best way to this person; the complaints office's group when there is none."""
    if point is None:
        return OFFICE
    rows = session.scalars(select(Binding).where(Binding.service_point_id == point.id, Binding.ended_at.is_(None)))
    bound = {row.channel: row.address_sealed for row in rows}
    channel = next((one for one in PERSONAL if one in bound), None)
    return Way(point.key, channel, bound[channel], point.id) if channel else OFFICE


def send(
    session: Session, way: Way, key: str, title: str, words: str, now: datetime, *, purpose: str = "case_reminder",
    url: str = "", not_before: datetime | None = None,
) -> bool:  # fmt: skip
    """Queue it once for each ``key`` and recipient."""
    payload = {"title": title, "text": words, **({"url": url} if url else {})}
    return outbox.put(
        session,
        dedupe_key=f"{key}:{way.name}"[:160],
        purpose=purpose,
        channel=way.channel,
        recipient=way.recipient,
        payload=payload,
        now=now,
        not_before=not_before,
        service_point_id=way.point_id,
    )


def tell_offered(session: Session, case: Case, now: datetime) -> None:
    """Whoever is to take the case learns of it; without a word of the patient."""
    to = way(session, staff(session, case.offered_to))
    key = f"case:{case.id}:offered:{case.offered_to}:{case.clock_round}"
    words = text("complaints.push.offered", number=case.number, due_on=case.due_on or "")
    send(session, to, key, text("complaints.push.offered_title"), words, now, purpose="case_offered")
