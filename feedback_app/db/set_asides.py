"""Ratings that do not count for now or for good: by a rule until a person decides, or by two persons."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.ratings import Rating

NOTICED, HELD, PROPOSED, KEPT, EXCLUDED = "noticed", "held", "proposed", "kept", "excluded"
OPEN = (HELD, PROPOSED, NOTICED)
_AT_ONCE = 500


class SetAside(Base):
    """One rating somebody has to decide about, or has. At most one for each rating."""

    __tablename__ = "set_asides"

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("ratings.id"), unique=True)
    # noticed: counts, but look at it | held: a rule's, does not count | proposed: waits for a second person |
    # kept: counts | excluded: never counts
    state: Mapped[str] = mapped_column(String(12), index=True)
    reasons: Mapped[list[str]] = mapped_column(JSON)  # domain.stuffing.REASONS, or what a person chose
    weight: Mapped[float] = mapped_column()
    words: Mapped[str] = mapped_column(Text, default="")  # of the person who proposed or decided
    found_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by: Mapped[str] = mapped_column(String(60), default="")  # login; "" while only a rule has spoken
    decided_by: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)

    rating: Mapped[Rating] = relationship()


def of_rating(session: Session, rating_id: int) -> SetAside | None:
    return session.scalar(select(SetAside).where(SetAside.rating_id == rating_id))


def of_ratings(session: Session, rating_ids: Sequence[int]) -> dict[int, SetAside]:
    """Rating id to what is known of it, of many ratings at once."""
    found: dict[int, SetAside] = {}
    for start in range(0, len(rating_ids), _AT_ONCE):
        query = select(SetAside).where(SetAside.rating_id.in_(rating_ids[start : start + _AT_ONCE]))
        found.update({one.rating_id: one for one in session.scalars(query)})
    return found


def decided(session: Session) -> Sequence[SetAside]:
    return session.scalars(select(SetAside).where(SetAside.decided_at.is_not(None))).all()
