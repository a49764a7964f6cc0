"""Whether and where a rating was counted: what the holder of a receipt may know."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import evidence, ratings, tallies
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.domain.identity import tidy
from feedback_app.domain.validity import why_not
from feedback_app.errors import NotFound
from feedback_app.services import tallying
from feedback_app.services.evidence import rating_subject


def of_receipt(session: Session, typed: str) -> dict[str, Any]:
    """What is stored under a receipt, without anything about the person who rated.

    ``counted`` and ``why_not`` as they are now, ``period``, and for every leaderboard that was closed for that month
    whether the rating was counted in it: one taken back after the closing stays in what was frozen. Raises NotFound ``ratings.no_receipt``.
    """
    rating = ratings.by_receipt(session, tidy(typed))
    if rating is None:
        raise NotFound("ratings.no_receipt", receipt=typed)
    standing = ratings.latest_version(session, rating)  # that it was changed is the patient's own affair
    reason = _why_not(session, standing)
    closed = session.scalars(
        select(Leaderboard)
        .where(Leaderboard.period.in_(_periods_with(session, rating)))
        .order_by(Leaderboard.award_key)
    )
    return {
        "receipt": rating.receipt,
        "included": True,
        "kind": rating.service_point.kind,
        "key": rating.service_point.key,
        "day": rating.day.isoformat(),
        "period": rating.period,
        "counted": not reason,
        "why_not": reason or None,
        "verified": standing.verified,
        "leaderboards": [
            {
                "award": board.award_key,
                "period": board.period,
                "published": board.published_at is not None,
                "counted": _counted_at(session, standing, board.closed_at, reason),
            }
            for board in closed
        ],
    }


def _periods_with(session: Session, rating: Rating) -> list[str]:
    """The closed periods that hold the rating's day, as they are written."""
    closed = {Period.parse(text) for text in session.scalars(select(Leaderboard.period).distinct())}
    return [str(one) for one in closed if one.first <= rating.day <= one.last]


def _why_not(session: Session, rating: Rating) -> str:
    several = tallies.repeats(session, [rating.period], points=[rating.service_point_id])
    reasons = {one.id: reason for one, reason in tallying.repeated(several)}
    return why_not(rating.status, rating.why_not, reasons.get(rating.id))


def _counted_at(session: Session, rating: Rating, moment: datetime, reason: str) -> bool:
    if rating.status == "counted":
        return not reason
    entries = evidence.of_subject(session, rating_subject(rating.receipt))
    return entries[-1].written_at > moment if len(entries) > 1 else False
