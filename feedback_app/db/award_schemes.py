"""Award schemes that this hospital has: versions of rules, each frozen when it starts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant


class SchemeVersion(Base):
    """One version of an award's rules. ``state``: draft | started | ended. A started body is never changed."""

    __tablename__ = "scheme_versions"
    __table_args__ = (UniqueConstraint("award_key", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40))
    number: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(String(10), default="draft")
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    rules_hash: Mapped[str] = mapped_column(String(64), default="")  # once started
    valid_from: Mapped[str] = mapped_column(String(24), default="")  # first period it decides; "": from the beginning
    note: Mapped[str] = mapped_column(String(200), default="")
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(String(60))
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    started_by: Mapped[str] = mapped_column(String(60), default="")
    tried_hash: Mapped[str] = mapped_column(String(64), default="")  # of the body a dry run was made with


def started(session: Session) -> Sequence[SchemeVersion]:
    """Every version that has started, oldest first."""
    query = select(SchemeVersion).where(SchemeVersion.state == "started")
    return session.scalars(query.order_by(SchemeVersion.award_key, SchemeVersion.number)).all()


def of_award(session: Session, award_key: str) -> Sequence[SchemeVersion]:
    """Newest first."""
    query = select(SchemeVersion).where(SchemeVersion.award_key == award_key)
    return session.scalars(query.order_by(SchemeVersion.number.desc())).all()


def all_versions(session: Session) -> Sequence[SchemeVersion]:
    return session.scalars(select(SchemeVersion).order_by(SchemeVersion.award_key, SchemeVersion.number)).all()
