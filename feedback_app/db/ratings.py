"""Ratings as they were accepted. A row is never deleted and its answers are never changed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock

CANARY = "canary"
"""Status of a test that the service sends itself: in no total and on no list."""


class Rating(Base):
    __tablename__ = "ratings"
    __table_args__ = (Index("ix_ratings_month", "period", "service_point_id", "status", "verified", "score"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt: Mapped[str] = mapped_column(String(20), unique=True)
    idempotency_key: Mapped[str] = mapped_column(String(80), unique=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    on_duty_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # window ratings: who sat there
    code_id: Mapped[int | None] = mapped_column(ForeignKey("codes.id"))
    questionnaire_version_id: Mapped[int | None] = mapped_column(ForeignKey("questionnaire_versions.id"))
    score: Mapped[int] = mapped_column()  # 1..5
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the whole form, question key -> value
    comment: Mapped[str] = mapped_column(Text, default="")
    answers_salt: Mapped[str] = mapped_column(String(32), default="")  # empty once the texts have been erased by law
    answers_digest: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(12), default="zh")
    channel: Mapped[str] = mapped_column(String(12))  # form | bot | paper
    # Who sent it, as far as anybody knows, until the month's key is destroyed (services.visits.forget).
    rater_hash: Mapped[str | None] = mapped_column(KEYED_HASH, index=True)
    device_hash: Mapped[str | None] = mapped_column(KEYED_HASH)  # of one browser on one day
    network_hash: Mapped[str | None] = mapped_column(KEYED_HASH)  # of one address on one day, never the hospital's own
    staff_sign: Mapped[str] = mapped_column(String(12), default="")  # domain.stuffing.STAFF | COLLEAGUE; not who
    verified: Mapped[bool] = mapped_column(default=False)  # a visit stands behind it
    verified_how: Mapped[str] = mapped_column(String(12), default="")  # slip | screen
    replaces: Mapped[str | None] = mapped_column(String(20), unique=True)  # receipt of the version before this one
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    day: Mapped[date] = mapped_column()  # in the hospital's zone, decided once at acceptance
    period: Mapped[str] = mapped_column(String(7))  # "2026-11", likewise
    status: Mapped[str] = mapped_column(
        String(12), default="counted"
    )  # counted | repeat | held | excluded | withdrawn | replaced | canary
    why_not: Mapped[str] = mapped_column(String(200), default="")
    made_up: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)  # came after its own period was closed: counts in the next
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # the department at that minute

    service_point: Mapped[ServicePoint] = relationship(foreign_keys=[service_point_id])


def by_idempotency_key(session: Session, key: str) -> Rating | None:
    return session.scalar(select(Rating).where(Rating.idempotency_key == key))


def by_receipt(session: Session, receipt: str) -> Rating | None:
    return session.scalar(select(Rating).where(Rating.receipt == receipt))


def versions(session: Session, rating: Rating) -> list[Rating]:
    """The rating and those that replaced one another after it, oldest first."""
    found = [rating]
    while newer := session.scalar(select(Rating).where(Rating.replaces == found[-1].receipt)):
        found.append(newer)
    return found


def latest_version(session: Session, rating: Rating) -> Rating:
    """What the rating says today."""
    return versions(session, rating)[-1]


def lock_month(session: Session, period: str, *, to_close: bool = False) -> None:
    """Everything that adds or changes a rating of the month takes this first; whoever closes the month takes it alone.

    With ``to_close`` it waits for every rating of that month that is being written, and sees them all afterwards.
    """
    lock(session, f"month:{period}", shared=not to_close)
