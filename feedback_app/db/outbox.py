"""Messages to be sent, written in the same transaction as the fact that causes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class OutboxMessage(Base):
    """One message to one recipient. ``dedupe_key`` makes queueing it twice impossible."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "not_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(160), unique=True)
    purpose: Mapped[str] = mapped_column(String(40))  # star_result | star_summary | complaint_new …
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    channel: Mapped[str] = mapped_column(String(20))  # wecom | wecom_group | mail | official_account
    recipient: Mapped[str] = mapped_column(Text)  # sealed where it is a person's address
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12), default="queued")  # queued | leased | sent | failed | unknown
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    not_before: Mapped[datetime] = mapped_column(Instant)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_owner: Mapped[str] = mapped_column(String(60), default="")
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(String(300), default="")
