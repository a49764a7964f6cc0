"""What the bot is waiting for from whom, what can be named in a message, and what it did not understand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.conversations import Conversation, NotUnderstood, TaughtWord
from feedback_app.db.directory import ServicePoint
from feedback_app.services import case_words

LASTS = {
    "menu": timedelta(hours=2),
    "ask_detail": timedelta(days=7),
    "intake": timedelta(days=14),
    "case": timedelta(days=3),
    "settled": timedelta(days=14),
}
"""How long a question of ours stays open; a complaint may be finished days later."""
OTHERWISE = timedelta(days=1)
LONGEST_KEPT = 500


@dataclass(frozen=True)
class Step:
    """An open question: its name and what it is about (JSON)."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


def current(session: Session, person_hash: str, now: datetime) -> Step | None:
    """The open step of this person; one that was left too long ago is over."""
    row = session.get(Conversation, person_hash)
    if row is None or row.step == "" or now - row.changed_at > LASTS.get(row.step, OTHERWISE):
        return None
    return Step(row.step, dict(row.data))


def changed_at(session: Session, person_hash: str) -> datetime | None:
    """When the step of this person was last set."""
    row = session.get(Conversation, person_hash)
    return row.changed_at if row else None


def remember(session: Session, person_hash: str, step: Step | None, now: datetime) -> None:
    """Set the open step; None: nothing is open."""
    row = session.get(Conversation, person_hash)
    if row is None:
        if step is None:
            return
        row = Conversation(person_hash=person_hash, step="", changed_at=now)
        session.add(row)
    row.step = step.name if step else ""
    row.data = dict(step.data) if step else {}
    row.changed_at = now
    session.flush()


def draft(session: Session, person_hash: str) -> Mapping[str, Any]:
    """The complaint this person is in the middle of telling; empty without one."""
    row = session.get(Conversation, person_hash)
    return dict(row.draft or {}) if row else {}


def keep_draft(session: Session, person_hash: str, told: Mapping[str, Any], now: datetime) -> None:
    """Remember a half-told complaint: it stays while the open step changes."""
    row = session.get(Conversation, person_hash)
    if row is None:
        row = Conversation(person_hash=person_hash, step="", data={}, changed_at=now)
        session.add(row)
    row.draft = dict(told)
    session.flush()


def not_understood(session: Session, text: str, context: str, now: datetime) -> None:
    """Keep a message nobody could place, without its sender, so that an administrator can teach the words."""
    session.add(
        NotUnderstood(at=now, text=case_words.taken_in(session, text).shown[:LONGEST_KEPT], context=context[:60])
    )
    session.flush()


def directory_version(session: Session) -> tuple[int, datetime | None, int, int]:
    """Changes whenever a service point is added, changed or stopped, or a word is taught or taken back."""
    taught = select(func.count()).select_from(TaughtWord).scalar_subquery()
    ended = select(func.count(TaughtWord.ended_at)).scalar_subquery()
    count, changed, words, gone = session.execute(
        select(func.count(), func.max(ServicePoint.changed_at), taught, ended).where(ServicePoint.active)
    ).one()
    return int(count), changed, int(words), int(gone)


def nameable(session: Session) -> Sequence[ServicePoint]:
    """All active service points with their departments, staff and windows first."""
    query = select(ServicePoint).where(ServicePoint.active).options(joinedload(ServicePoint.department))
    return session.scalars(query.order_by(ServicePoint.id)).all()
