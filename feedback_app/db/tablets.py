"""Shared tablets on which a helper lets patients rate (S44): made and ended in the console."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class Tablet(Base):
    __tablename__ = "tablets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("service_points.id")
    )  # of the helpers; None: volunteers
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(60), default="")
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    department: Mapped[ServicePoint | None] = relationship()


def by_secret(session: Session, secret_hash: str) -> Tablet | None:
    return session.scalar(select(Tablet).where(Tablet.secret_hash == secret_hash))
