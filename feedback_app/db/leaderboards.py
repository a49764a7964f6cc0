"""Closed periods: the frozen result of one award for one period."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class Leaderboard(Base):
    __tablename__ = "leaderboards"
    __table_args__ = (UniqueConstraint("award_key", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(10))  # "2026-10"
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)  # the scheme as it was frozen
    result: Mapped[dict[str, Any]] = mapped_column(JSON)  # rows with score, rank and explanation
    result_hash: Mapped[str] = mapped_column(String(64))
    closed_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[str] = mapped_column(String(60), default="")
