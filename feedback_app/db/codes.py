"""The short codes that are printed: one active code a service point, retired ones kept for ever."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class Code(Base):
    __tablename__ = "codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(String(20), unique=True)  # made from the id, hence written after the row
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default="active")  # active | retired
    created_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_why: Mapped[str] = mapped_column(String(200), default="")

    service_point: Mapped[ServicePoint] = relationship()


def find(session: Session, text: str) -> Code | None:
    return session.scalar(select(Code).where(Code.text == text).options(joinedload(Code.service_point)))


def of_point(session: Session, point_id: int, *, active_only: bool = True) -> Sequence[Code]:
    query = select(Code).where(Code.service_point_id == point_id).order_by(Code.id)
    return session.scalars(query.where(Code.status == "active") if active_only else query).all()
