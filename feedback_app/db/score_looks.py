"""Who asked to look at one person's scores, why, who agreed, and when it was looked at. The person reads all of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class ScoreLook(Base):
    __tablename__ = "score_looks"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(60), index=True)  # login
    asked_name: Mapped[str] = mapped_column(String(60))
    asked_role: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[str] = mapped_column(String(60), default="")
    decided_name: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    agreed: Mapped[bool] = mapped_column(default=False)
    looked_at: Mapped[datetime | None] = mapped_column(Instant)  # for the first time

    person: Mapped[ServicePoint] = relationship()


def of_person(session: Session, person_id: int) -> Sequence[ScoreLook]:
    """Newest first."""
    query = select(ScoreLook).where(ScoreLook.person_id == person_id)
    return session.scalars(query.order_by(ScoreLook.id.desc())).all()


def asked_by(session: Session, login: str, most: int) -> Sequence[ScoreLook]:
    query = select(ScoreLook).where(ScoreLook.asked_by == login)
    return session.scalars(query.order_by(ScoreLook.id.desc()).limit(most)).all()


def waiting(session: Session) -> Sequence[ScoreLook]:
    query = select(ScoreLook).where(ScoreLook.decided_at.is_(None))
    return session.scalars(query.order_by(ScoreLook.id)).all()
