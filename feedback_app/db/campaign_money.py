"""What a campaign may cost and what was spent (S49), and what winners receive, for the pay office (S38)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant


class BudgetLine(Base):
    """Money in fen."""

    __tablename__ = "budget_lines"
    __table_args__ = (UniqueConstraint("campaign", "title"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(String(60), index=True)
    title: Mapped[str] = mapped_column(String(100))
    planned: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)


class Spending(Base):
    """What was paid, in fen; a mistake is put right by one of the same sum below zero."""

    __tablename__ = "spendings"

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("budget_lines.id"), index=True)
    day: Mapped[date] = mapped_column()
    amount: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str] = mapped_column(String(200))
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activities.id"))
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)


class RewardList(Base):
    """draft -> confirmed by a second person. ``rows``: key, name, department, tier, reward, amount (fen or None)."""

    __tablename__ = "reward_lists"
    __table_args__ = (UniqueConstraint("award_key", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(24))
    result_hash: Mapped[str] = mapped_column(String(64))  # of the published board that it was made from
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_by: Mapped[str] = mapped_column(String(60), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


def lines(session: Session, campaign: str = "") -> Sequence[BudgetLine]:
    query = select(BudgetLine).order_by(BudgetLine.campaign, BudgetLine.id)
    return session.scalars(query.where(BudgetLine.campaign == campaign) if campaign else query).all()


def spent(session: Session, line_ids: Sequence[int]) -> Sequence[Spending]:
    query = select(Spending).where(Spending.line_id.in_(line_ids)).order_by(Spending.day, Spending.id)
    return session.scalars(query).all()
