"""What came of cases: tasks to put things right, whose effect is looked at later, and cards that tell everybody."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint


class CaseTask(Base):
    """open -> done (its effect is looked at on ``look_on``) -> looked; or dropped, with the reason as evidence."""

    __tablename__ = "case_tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))  # rectify | training | visit (of a service consultant)
    what: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(60))  # login or "staff:D01"
    due_on: Mapped[date] = mapped_column()
    state: Mapped[str] = mapped_column(String(8), default="open", index=True)
    evidence: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_on: Mapped[date] = mapped_column()
    made_by: Mapped[str] = mapped_column(String(60))
    done_on: Mapped[date | None] = mapped_column()
    look_on: Mapped[date | None] = mapped_column()
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {"since", "until", "n", "mean"}
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    finding: Mapped[str] = mapped_column(Text, default="")

    case: Mapped[Case] = relationship()


class ChangeCard(Base):
    """ "You said, we did": draft -> published by a second person -> withdrawn."""

    __tablename__ = "change_cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    said: Mapped[str] = mapped_column(String(300))
    did: Mapped[str] = mapped_column(String(300))
    voices: Mapped[int] = mapped_column(default=1)  # cases that stand behind it
    state: Mapped[str] = mapped_column(String(10), default="draft", index=True)
    written_by: Mapped[str] = mapped_column(String(60))
    written_at: Mapped[datetime] = mapped_column(Instant)
    reviewed_by: Mapped[str] = mapped_column(String(60), default="")
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)

    case: Mapped[Case] = relationship()
    department: Mapped[ServicePoint | None] = relationship()


def cards(session: Session, state: str = "") -> Sequence[ChangeCard]:
    """Newest first."""
    query = select(ChangeCard).order_by(ChangeCard.id.desc())
    return session.scalars(query.where(ChangeCard.state == state) if state else query).all()


def tasks(session: Session, state: str = "") -> Sequence[CaseTask]:
    """By date, nearest first."""
    query = select(CaseTask).order_by(CaseTask.due_on, CaseTask.id)
    return session.scalars(query.where(CaseTask.state == state) if state else query).all()
