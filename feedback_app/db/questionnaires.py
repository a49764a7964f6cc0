"""Question sets: every published version is kept as it was, because ratings refer to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant


class QuestionnaireVersion(Base):
    __tablename__ = "questionnaire_versions"
    __table_args__ = (UniqueConstraint("key", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(String(10))  # draft | published | retired
    body: Mapped[dict[str, Any]] = mapped_column(JSON)  # as domain.questionnaires writes it
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(60), default="")
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(String(60), default="")
    step: Mapped[int] = mapped_column(default=0)  # of a draft: where it stands among its DraftSteps
    asked_by: Mapped[str] = mapped_column(
        String(60), default=""
    )  # who asked a second person to publish this very draft
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_note: Mapped[str] = mapped_column(String(200), default="")
    returned_by: Mapped[str] = mapped_column(String(60), default="")
    returned_note: Mapped[str] = mapped_column(String(200), default="")


class DraftStep(Base):
    """What a draft was after each step, so that steps can be undone and done again, days later too."""

    __tablename__ = "draft_steps"
    __table_args__ = (UniqueConstraint("version_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_versions.id"))
    place: Mapped[int] = mapped_column()
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    did: Mapped[str] = mapped_column(String(120), default="")
    by: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime] = mapped_column(Instant)


def steps(session: Session, version_id: int) -> list[DraftStep]:
    """All steps of a draft, the first one first."""
    return list(session.scalars(select(DraftStep).where(DraftStep.version_id == version_id).order_by(DraftStep.place)))


def forget_steps(session: Session, version_id: int) -> None:
    session.execute(delete(DraftStep).where(DraftStep.version_id == version_id))


def published(session: Session, key: str) -> QuestionnaireVersion | None:
    """The version patients see now."""
    query = select(QuestionnaireVersion).where(
        QuestionnaireVersion.key == key, QuestionnaireVersion.state == "published"
    )
    return session.scalar(query.order_by(QuestionnaireVersion.number.desc()).limit(1))


def newest(session: Session, key: str) -> QuestionnaireVersion | None:
    """The version with the highest number, whatever its state."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == key)
    return session.scalar(query.order_by(QuestionnaireVersion.number.desc()).limit(1))


def keys(session: Session) -> set[str]:
    """The names of all question sets."""
    return set(session.scalars(select(QuestionnaireVersion.key).distinct()))
