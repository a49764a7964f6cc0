"""Shifts that somebody else took. The roster stays as it was imported; what was agreed lies over it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, String, and_, case, literal_column, null, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint

OPEN = ("requested", "confirmed")


class DutySwap(Base):
    """``taker`` serves instead of ``giver``. While it is only requested, nobody counts as having served."""

    __tablename__ = "duty_swaps"
    __table_args__ = (Index("ix_duty_swaps_window", "window_id", "giver_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    giver_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    taker_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10), default="requested")  # requested | confirmed | declined | withdrawn
    open_key: Mapped[str | None] = mapped_column(String(80), unique=True)  # one open swap a shift
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)

    window: Mapped[ServicePoint] = relationship(foreign_keys=[window_id])
    giver: Mapped[ServicePoint] = relationship(foreign_keys=[giver_id])
    taker: Mapped[ServicePoint] = relationship(foreign_keys=[taker_id])


def over(
    window: ColumnElement[int], who: ColumnElement[int | None], at: ColumnElement[datetime]
) -> ColumnElement[bool]:
    """What joins a rating with the swap that lies over its minute."""
    return and_(
        DutySwap.window_id == window,
        DutySwap.giver_id == who,
        DutySwap.starts_at <= at,
        at < DutySwap.ends_at,
        DutySwap.state.in_(OPEN),
    )


def settled(who: ColumnElement[int | None]) -> ColumnElement[int | None]:
    """Who served in a query joined (outer) by :func:`over`: the roster's person, the taker, nobody while it is disputed."""
    # Written out, not bound: PostgreSQL groups by an expression only where it is the same to the letter.
    asked: ColumnElement[str] = literal_column("'requested'")
    agreed: ColumnElement[str] = literal_column("'confirmed'")
    return case((DutySwap.state == asked, null()), (DutySwap.state == agreed, DutySwap.taker_id), else_=who)


def of_person(session: Session, staff_id: int, since: datetime) -> Sequence[DutySwap]:
    """Given or taken, open or decided, of shifts that end after ``since``; the next shift first."""
    query = select(DutySwap).where(
        (DutySwap.giver_id == staff_id) | (DutySwap.taker_id == staff_id), DutySwap.ends_at > since
    )
    wide = query.options(joinedload(DutySwap.window), joinedload(DutySwap.giver), joinedload(DutySwap.taker))
    return session.scalars(wide.order_by(DutySwap.starts_at, DutySwap.id)).all()


def at(session: Session, window_id: int, giver_id: int, moment: datetime) -> DutySwap | None:
    query = select(DutySwap).where(
        DutySwap.window_id == window_id,
        DutySwap.giver_id == giver_id,
        DutySwap.starts_at <= moment,
        moment < DutySwap.ends_at,
        DutySwap.state.in_(OPEN),
    )
    return session.scalar(query)
