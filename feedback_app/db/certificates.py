"""Certificates: one number and one check code each, never deleted; a revoked one says so."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class Certificate(Base):
    __tablename__ = "certificates"
    __table_args__ = (UniqueConstraint("source", "service_point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)  # "2026-0017", made from the id
    code: Mapped[str | None] = mapped_column(String(20), unique=True)  # twelve characters, signed
    source: Mapped[str] = mapped_column(String(80), index=True)  # "stars:monthly:2026-10", "round:2026-five-star"
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    holder: Mapped[str] = mapped_column(String(100))  # as printed, whatever the directory says later
    department: Mapped[str] = mapped_column(String(100), default="")
    award: Mapped[str] = mapped_column(String(100))
    group: Mapped[str] = mapped_column(String(60), default="")
    period: Mapped[str] = mapped_column(String(40))  # "2026-10", "2026-08-01/2026-09-30"
    unverified: Mapped[bool] = mapped_column(default=False)
    made_up: Mapped[bool] = mapped_column(default=False)
    issued_on: Mapped[date] = mapped_column()
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[str] = mapped_column(String(60))
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[str] = mapped_column(String(60), default="")
    revoked_why: Mapped[str] = mapped_column(String(200), default="")  # for the office; the check page does not tell

    service_point: Mapped[ServicePoint] = relationship()


def by_code(session: Session, code: str) -> Certificate | None:
    return session.scalar(select(Certificate).where(Certificate.code == code))


def of_source(session: Session, source: str) -> Sequence[Certificate]:
    return session.scalars(select(Certificate).where(Certificate.source == source).order_by(Certificate.id)).all()


def of_point(session: Session, point_id: int) -> Sequence[Certificate]:
    """The newest first."""
    query = select(Certificate).where(Certificate.service_point_id == point_id)
    return session.scalars(query.order_by(Certificate.id.desc())).all()
