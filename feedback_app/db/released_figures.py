"""Figures as they were given to departments and persons: frozen, whole months, never of fewer than five people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant

OWN, UNIT = "own", "unit"
"""Of a service point itself; of everything that belongs to a department."""


class ReleasedFigure(Base):
    """``first_month`` to ``last_month`` of one service point or department."""

    __tablename__ = "released_figures"
    __table_args__ = (UniqueConstraint("scope", "service_point_id", "first_month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(4))
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    first_month: Mapped[str] = mapped_column(String(7))
    last_month: Mapped[str] = mapped_column(String(7))
    released_at: Mapped[datetime] = mapped_column(Instant)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)  # services.releases


class ReleasedMonth(Base):
    """A month that has been looked at for release, so that it is done once."""

    __tablename__ = "released_months"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    released_at: Mapped[datetime] = mapped_column(Instant)


def of_point(session: Session, scope: str, point_id: int) -> Sequence[ReleasedFigure]:
    """Oldest first."""
    query = select(ReleasedFigure).where(ReleasedFigure.scope == scope, ReleasedFigure.service_point_id == point_id)
    return session.scalars(query.order_by(ReleasedFigure.first_month)).all()


def told_until(session: Session, scope: str) -> dict[int, str]:
    """Service point -> the last month that has been given."""
    query = select(ReleasedFigure.service_point_id, func.max(ReleasedFigure.last_month))
    rows = session.execute(query.where(ReleasedFigure.scope == scope).group_by(ReleasedFigure.service_point_id))
    return {row[0]: row[1] for row in rows}


def is_done(session: Session, month: str) -> bool:
    return session.get(ReleasedMonth, month) is not None
