"""Who is told of events by HTTP, and how far each has been told. What waits to be sent is in the outbox."""

from datetime import datetime

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class WebhookReceiver(Base):
    """``number`` counts its events: a gap in what it received tells it that something is missing."""

    __tablename__ = "webhook_receivers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    url: Mapped[str] = mapped_column(Text)
    secret_sealed: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(JSON)
    number: Mapped[int] = mapped_column(default=0)
    ratings_to: Mapped[int] = mapped_column(default=0)  # id of the last rating looked at
    cases_to: Mapped[int] = mapped_column(default=0)  # id of the last case event looked at
    boards_to: Mapped[datetime] = mapped_column(Instant)  # when the last board told of was published
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
