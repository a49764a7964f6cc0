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


def of_day_held(session: Session, person_hash: str, point_id: int, day: date) -> Sequence[Rating]:
    """This person's ratings of that service point and day, oldest first, as they stand until this transaction ends.

    The month's lock is taken before.
    """
    query = select(Rating).where(
        Rating.rater_hash == person_hash, Rating.service_point_id == point_id, Rating.day == day
    )
    held = query.order_by(Rating.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(held).all()


def withdraw(session: Session, rating: Rating, *, why: str, now: datetime) -> None:
    """It no longer counts, but stays where it is, with the reason in the audit and evidence logs."""
    rating.status, rating.why_not = "withdrawn", why
    evidence.write_decision(session, rating, now)
    subject = evidence.rating_subject(rating.receipt)
    audit.write(session, actor="patient", action="rating.withdrawn", subject=subject, now=now, why=why)


def set_replaced(session: Session, rating: Rating, now: datetime) -> None:
    """A newer version of the same person takes its place (R8: one person, one service point, one day, one rating).

    Only the evidence log holds it, without the receipt: that somebody changed their mind is not for the console.
    """
    rating.status, rating.why_not = "replaced", ""
    evidence.write_decision(session, rating, now)
