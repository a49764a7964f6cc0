"""Question sets: every published version is kept as it was, because ratings refer to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint, select
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
