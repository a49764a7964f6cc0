"""Figures as they were given to departments and persons: frozen, whole months, never of fewer than five people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant

OWN, UNIT, ATOM = "own", "unit", "atom"
"""Of a service point itself; of a department; and the piece both are sums of: at least five ratings of one service point in one
department (``body["units"]``: department -> first, last, body; ``body["told"]``: department -> the last month in a piece)."""


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


def told_until(session: Session, scope: str, *, before: datetime | None = None) -> dict[int, str]:
    """Service point -> the last month that has been given (before this moment)."""
    query = select(ReleasedFigure.service_point_id, func.max(ReleasedFigure.last_month))
    query = query.where(ReleasedFigure.scope == scope)
    if before is not None:
        query = query.where(ReleasedFigure.released_at < before)
    return {row[0]: row[1] for row in session.execute(query.group_by(ReleasedFigure.service_point_id))}


def first_atom_at(session: Session) -> datetime | None:
    return session.scalar(select(func.min(ReleasedFigure.released_at)).where(ReleasedFigure.scope == ATOM))


def newest_atoms(session: Session) -> dict[int, ReleasedFigure]:
    """The last piece of each service point: it knows how far each of its departments has come."""
    found: dict[int, ReleasedFigure] = {}
    newest = select(ReleasedFigure.service_point_id, func.max(ReleasedFigure.first_month).label("month"))
    newest = newest.where(ReleasedFigure.scope == ATOM).group_by(ReleasedFigure.service_point_id)
    last = newest.subquery()
    query = select(ReleasedFigure).join(
        last,
        (ReleasedFigure.service_point_id == last.c.service_point_id) & (ReleasedFigure.first_month == last.c.month),
    )
    for one in session.scalars(query.where(ReleasedFigure.scope == ATOM)):
        found[one.service_point_id] = one
    return found


def atoms(session: Session, *, after: str = "", point_id: int | None = None) -> Sequence[ReleasedFigure]:
    """All pieces given after this month, oldest first; of one service point."""
    query = select(ReleasedFigure).where(ReleasedFigure.scope == ATOM, ReleasedFigure.first_month > after)
    if point_id is not None:
        query = query.where(ReleasedFigure.service_point_id == point_id)
    return session.scalars(query.order_by(ReleasedFigure.first_month, ReleasedFigure.service_point_id)).all()


def months_done(session: Session) -> set[str]:
    return set(session.scalars(select(ReleasedMonth.month)))


def is_done(session: Session, month: str) -> bool:
    return session.get(ReleasedMonth, month) is not None
