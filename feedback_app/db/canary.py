"""Marked low ratings that the service sends itself, to prove that low ratings are accepted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant


class CanaryRun(Base):
    """One try through one way in, for one kind of code."""

    __tablename__ = "canary_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    channel: Mapped[str] = mapped_column(String(12))  # form | bot
    kind: Mapped[str] = mapped_column(String(16))  # of the service point
    ok: Mapped[bool] = mapped_column()
    detail: Mapped[str] = mapped_column(String(200), default="")  # what went wrong, in English, for operators


def last(session: Session, *, ok: bool | None = None) -> CanaryRun | None:
    """The one that was made last, whatever the clock said then."""
    query = select(CanaryRun).order_by(CanaryRun.id.desc()).limit(1)
    return session.scalar(query if ok is None else query.where(CanaryRun.ok == ok))


def at(session: Session, moment: datetime) -> Sequence[CanaryRun]:
    """All tries of one round."""
    return session.scalars(select(CanaryRun).where(CanaryRun.at == moment).order_by(CanaryRun.id)).all()
