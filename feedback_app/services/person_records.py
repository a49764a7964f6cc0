"""What is on file about people, as the console lists it; reasons of the discipline office only for its own readers (S52)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.assessments import PersonRecord
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.eligibility import RECORDS
from feedback_app.domain.roles import ADMIN, DIRECTOR
from feedback_app.services.vault import Vault

DISCIPLINE = "discipline"
MAY_VETO = frozenset({ADMIN, DIRECTOR})
"""Who enters and sees that the discipline office says no."""
READS_WHY = frozenset({DIRECTOR})
"""Who also reads why: nobody else, and no board ever."""
MOST = 300


@dataclass(frozen=True)
class Entry:
    """One line on file; ``why`` only where the reader may know it. ``holds``: it counts today."""

    record: PersonRecord
    why: str
    holds: bool


def kinds(role: str) -> tuple[str, ...]:
    """What this role may enter and see."""
    return RECORDS if role in MAY_VETO else tuple(kind for kind in RECORDS if kind != DISCIPLINE)


def listed(session: Session, vault: Vault, role: str, today: date, *, kind: str = "", key: str = "") -> Sequence[Entry]:
    """The newest first, of one kind or one person where told; at most 300."""
    query = select(PersonRecord).join(ServicePoint, PersonRecord.service_point_id == ServicePoint.id)
    query = query.where(PersonRecord.kind.in_([kind] if kind in kinds(role) else kinds(role)))
    if key:
        query = query.where((ServicePoint.key == key) | (ServicePoint.name == key))
    query = query.options(joinedload(PersonRecord.service_point).joinedload(ServicePoint.department))
    found = session.scalars(query.order_by(PersonRecord.id.desc()).limit(MOST)).all()
    return [Entry(one, _why(vault, one, role), _holds(one, today)) for one in found]


def _why(vault: Vault, one: PersonRecord, role: str) -> str:
    return vault.unseal(one.why_sealed) if role in READS_WHY else ""


def _holds(one: PersonRecord, today: date) -> bool:
    return one.ended_at is None and one.since <= today and (one.until is None or today <= one.until)
