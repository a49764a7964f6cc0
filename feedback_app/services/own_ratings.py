"""A person's own ratings, by message: taken back within three days, replaced by a second one on the same day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.ratings import Rating
from feedback_app.services import audit, evidence

TAKEN_BACK_WITHIN = timedelta(hours=72)


def of_person(session: Session, person_hash: str, *, most: int = 5) -> Sequence[Rating]:
    """The newest ratings of this person that stand, newest first."""
    query = select(Rating).where(Rating.rater_hash == person_hash, Rating.status == "counted")
    return session.scalars(query.order_by(Rating.id.desc()).limit(most)).all()


def last(session: Session, person_hash: str, now: datetime, *, point_id: int | None = None) -> Rating | None:
    """The last rating (of ``point_id``, if told) that may still be taken back."""
    query = select(Rating).where(
        Rating.rater_hash == person_hash,
        Rating.status == "counted",
        Rating.received_at > now - TAKEN_BACK_WITHIN,
    )
    if point_id is not None:
        query = query.where(Rating.service_point_id == point_id)
    return session.scalar(query.order_by(Rating.id.desc()).limit(1))


def withdraw(session: Session, rating: Rating, *, why: str, now: datetime, status: str = "withdrawn") -> None:
    """It no longer counts, but stays where it is, with the reason in the audit and evidence logs. ``status``: withdrawn | replaced."""
    rating.status = status
    rating.why_not = why
    subject = evidence.rating_subject(rating.receipt)
    evidence.write(session, status, subject, shown={"receipt": rating.receipt}, hidden={"why": why}, now=now)
    audit.write(session, actor="patient", action=f"rating.{status}", subject=subject, now=now, why=why)


def replace_earlier(session: Session, person_hash: str, *, point_id: int, day: date, keep: str, now: datetime) -> int:
    """One person, one service point, one day: one rating (R8). Earlier ones than receipt ``keep`` are replaced."""
    query = select(Rating).where(
        Rating.rater_hash == person_hash,
        Rating.service_point_id == point_id,
        Rating.day == day,
        Rating.status == "counted",
        Rating.receipt != keep,
    )
    earlier = session.scalars(query).all()
    for rating in earlier:
        withdraw(session, rating, why=f"rated again on the same day: {keep}", now=now, status="replaced")
    return len(earlier)
