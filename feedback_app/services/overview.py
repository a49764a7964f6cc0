"""Small questions about the whole stock, for operators."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.ratings import CANARY, Rating


def newest_rating_at(session: Session) -> datetime | None:
    """When the last rating was received."""
    return session.scalar(select(func.max(Rating.received_at)).where(Rating.status != CANARY))
