"""What a consultant advises somebody (S35): sealed, for the person, for whoever wrote it, and for the head by consent only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.activities import Activity, ActivityPerson
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import HEAD, Viewer
from feedback_app.errors import NotFound, Refused
from feedback_app.services import activities, audit
from feedback_app.services.vault import Vault

LONGEST = 3000


@dataclass(frozen=True)
class Advice:
    row: ActivityPerson
    words: str  # "" for whoever may not read it


def write(session: Session, vault: Vault, row_id: int, words: str, *, by: str, now: datetime) -> ActivityPerson:
    """Written anew, it replaces what was. Raises NotFound ``activities.none``, Conflict ``activities.over``, Refused
    ``activities.needs_words``, ``activities.too_long``."""
    row = session.get(ActivityPerson, row_id)
    if row is None or row.role != "coached":
        raise NotFound("activities.none")
    activities.planned(session, row.activity_id)
    said = clean(words)
    if not said:
        raise Refused("activities.needs_words")
    if len(said) > LONGEST:
        raise Refused("activities.too_long", most=LONGEST, length=len(said))
    row.advice_sealed, row.advice_by, row.came, row.came_at, row.came_how = vault.seal(said), by, True, now, by
    session.flush()
    audit.write(session, actor=by, action="activity.advice_written", subject=str(row.activity_id), now=now)
    return row


def let_head_read(session: Session, point: ServicePoint, row_id: int, agrees: bool, *, now: datetime) -> None:
    """The person's own decision, and to be taken back at any time. Raises NotFound ``activities.none``."""
    row = session.get(ActivityPerson, row_id)
    if row is None or row.service_point_id != point.id or row.role != "coached":
        raise NotFound("activities.none")
    row.head_may_read = agrees
    session.flush()
    audit.write(session, actor=f"staff:{point.key}", action="activity.advice_consent", subject=str(row.activity_id), now=now, agrees=agrees)  # fmt: skip


def own(session: Session, vault: Vault, point: ServicePoint) -> list[Advice]:
    """All advice for this person, the newest first."""
    query = select(ActivityPerson).join(Activity).where(
        ActivityPerson.service_point_id == point.id, ActivityPerson.role == "coached", ActivityPerson.advice_sealed != ""
    )  # fmt: skip
    rows = session.scalars(query.options(joinedload(ActivityPerson.activity)).order_by(Activity.starts_at.desc()))
    return [Advice(row, vault.unseal(row.advice_sealed)) for row in rows]


def for_head(session: Session, vault: Vault, viewer: Viewer) -> list[Advice]:
    """What people of the head's department agreed to show."""
    if viewer.role != HEAD or viewer.department_id is None:
        return []
    query = (
        select(ActivityPerson).join(Activity).join(ServicePoint, ServicePoint.id == ActivityPerson.service_point_id)
        .where(ActivityPerson.head_may_read, ActivityPerson.advice_sealed != "", ServicePoint.active)
        .where(ServicePoint.department_id == viewer.department_id, ServicePoint.id != viewer.person_id)
    )  # fmt: skip
    rows = session.scalars(query.options(joinedload(ActivityPerson.activity)).order_by(Activity.starts_at.desc()))
    return [Advice(row, vault.unseal(row.advice_sealed)) for row in rows]


def shown(vault: Vault, rows: Sequence[ActivityPerson], viewer: Viewer) -> dict[int, str]:
    """Row id -> the words, of those that this viewer of the console wrote."""
    mine = [row for row in rows if row.advice_sealed and row.advice_by == viewer.login]
    return {row.id: vault.unseal(row.advice_sealed) for row in mine}
