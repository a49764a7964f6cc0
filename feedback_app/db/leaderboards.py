"""Closed periods: the frozen result of one award for one period, and one row for each candidate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from feedback_app.db.base import Base, Instant


class Leaderboard(Base):
    __tablename__ = "leaderboards"
    __table_args__ = (UniqueConstraint("award_key", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(24))  # as domain.cycles writes it: "2026-10", "2026-Q4"
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)  # the scheme as it was frozen
    result: Mapped[dict[str, Any]] = mapped_column(
        JSON
    )  # parameters and counts of each league, who was left out and why
    result_hash: Mapped[str] = mapped_column(String(64))  # of rules, result and all rows
    recount_hash: Mapped[str] = mapped_column(String(64), default="")  # seal of the recount kit
    closed_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(String(60), default="")
    checked_by: Mapped[str] = mapped_column(String(60), default="")  # the first of two who release it
    checked_login: Mapped[str] = mapped_column(String(60), default="")


class LeaderboardRow(Base):
    """One candidate's outcome, apart from the board, so that one person's page does not read everyone's."""

    __tablename__ = "leaderboard_rows"
    __table_args__ = (
        UniqueConstraint("leaderboard_id", "service_point_id"),
        Index("ix_leaderboard_rows_public", "leaderboard_id", "public", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    leaderboard_id: Mapped[int] = mapped_column(ForeignKey("leaderboards.id"))
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    position: Mapped[int] = mapped_column()  # the order of rows in the whole result
    public: Mapped[bool] = mapped_column()  # on the page everyone may see
    body: Mapped[dict[str, Any]] = mapped_column(JSON)  # as domain.boards writes it

    leaderboard: Mapped[Leaderboard] = relationship()


class RecountKit(Base):
    """Everything the board was made from, without names, as it was frozen with it (domain.recounting)."""

    __tablename__ = "recount_kits"

    leaderboard_id: Mapped[int] = mapped_column(ForeignKey("leaderboards.id"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


def find(session: Session, award_key: str, period: str) -> Leaderboard | None:
    return session.scalar(select(Leaderboard).where(Leaderboard.award_key == award_key, Leaderboard.period == period))


def is_closed(session: Session, period: str) -> bool:
    """Whether any award is closed for this period."""
    return session.scalar(select(Leaderboard.id).where(Leaderboard.period == period).limit(1)) is not None


def of_award(session: Session, award_key: str, *, published_only: bool = False) -> Sequence[Leaderboard]:
    """Newest period first."""
    query = select(Leaderboard).where(Leaderboard.award_key == award_key).order_by(Leaderboard.period.desc())
    return session.scalars(query.where(Leaderboard.published_at.is_not(None)) if published_only else query).all()


def rows(session: Session, board: Leaderboard, *, public_only: bool = False) -> Sequence[LeaderboardRow]:
    query = select(LeaderboardRow).where(LeaderboardRow.leaderboard_id == board.id).order_by(LeaderboardRow.position)
    return session.scalars(query.where(LeaderboardRow.public) if public_only else query).all()


def rows_of_point(session: Session, point_id: int) -> Sequence[LeaderboardRow]:
    """All rows of one service point, newest period first, their boards loaded."""
    query = select(LeaderboardRow).join(LeaderboardRow.leaderboard).options(contains_eager(LeaderboardRow.leaderboard))
    query = query.where(LeaderboardRow.service_point_id == point_id)
    return session.scalars(query.order_by(Leaderboard.period.desc(), Leaderboard.award_key)).all()


def release(session: Session, board: Leaderboard, by: str, now: datetime) -> bool:
    """Mark as published, once: False when somebody else already has."""
    done = session.execute(
        update(Leaderboard)
        .where(Leaderboard.id == board.id, Leaderboard.published_at.is_(None))
        .values(published_at=now, published_by=by)
        .execution_options(synchronize_session=False)
    )
    session.refresh(board)
    return bool(done.rowcount)  # type: ignore[attr-defined]


def closed_at(session: Session, award_key: str, period: str) -> datetime | None:
    """When the period was frozen; None while it is open."""
    return session.scalar(
        select(Leaderboard.closed_at).where(Leaderboard.award_key == award_key, Leaderboard.period == period)
    )
