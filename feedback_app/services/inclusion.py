"""Whether and where a rating was counted: what the holder of a receipt may know."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import ratings
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.domain.identity import tidy
from feedback_app.errors import NotFound


def of_receipt(session: Session, typed: str) -> dict[str, Any]:
    """What is stored under a receipt, without anything about the person who rated.

    ``counted``, ``why_not``, ``period``, and for every closed period of that month whether it is frozen and published.
    Raises NotFound ``ratings.no_receipt``.
    """
    rating = ratings.by_receipt(session, tidy(typed))
    if rating is None:
        raise NotFound("ratings.no_receipt", receipt=typed)
    standing = ratings.latest_version(session, rating)  # that it was changed is the patient's own affair
    closed = session.scalars(
        select(Leaderboard).where(Leaderboard.period == rating.period).order_by(Leaderboard.award_key)
    )
    return {
        "receipt": rating.receipt,
        "included": True,
        "kind": rating.service_point.kind,
        "key": rating.service_point.key,
        "day": rating.day.isoformat(),
        "period": rating.period,
        "counted": standing.status == "counted",
        "why_not": None if standing.status == "counted" else standing.why_not or standing.status,
        "verified": standing.verified,
        "leaderboards": [
            {"award": board.award_key, "period": board.period, "published": board.published_at is not None}
            for board in closed
        ],
    }
