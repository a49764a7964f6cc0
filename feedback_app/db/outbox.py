"""Messages to be sent, written in the same transaction as the fact that causes them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from feedback_app.db.base import Base, Instant

IN_ORDER = "webhook"
"""The channel on which one recipient's messages go out one after the other: a later one waits for an earlier one's retries."""


class OutboxMessage(Base):
    """One message to one recipient. ``dedupe_key`` makes queueing it twice impossible.

    queued -> leased (somebody means to send it) -> sending (may be on its way) -> sent | queued again | failed | unknown
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "not_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(160), unique=True)
    purpose: Mapped[str] = mapped_column(String(40))  # star_result | star_summary | complaint_new …
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    channel: Mapped[str] = mapped_column(String(20))  # wecom | wecom_group | mail | official_account | sms | webhook
    recipient: Mapped[str] = mapped_column(Text)  # sealed where it is a person's address
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(
        String(12), default="queued"
    )  # queued | leased | sending | sent | failed | unknown | replayed
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    not_before: Mapped[datetime] = mapped_column(Instant)
    first_tried_at: Mapped[datetime | None] = mapped_column(Instant)  # from here on counts deliveries.give_up_hours
    repeat_until: Mapped[datetime | None] = mapped_column(Instant)  # perhaps out: sent again it shows once until then
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_owner: Mapped[str] = mapped_column(String(60), default="")
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(String(300), default="")


def is_anything_due(session: Session, channels: Collection[str], now: datetime) -> bool:
    """Whether one of these channels has work; the cheap question before any lock is taken."""
    due = select(OutboxMessage.id).where(
        OutboxMessage.state == "queued",
        OutboxMessage.not_before <= now,
        OutboxMessage.channel.in_(channels),
        _its_turn(),
    )
    return session.scalar(due.limit(1)) is not None


def _its_turn() -> ColumnElement[bool]:
    """True unless an earlier message to the same recipient is still on its way, where order matters."""
    earlier = aliased(OutboxMessage)
    waiting = (
        select(earlier.id)
        .where(earlier.channel == IN_ORDER, earlier.recipient == OutboxMessage.recipient)
        .where(earlier.id < OutboxMessage.id, earlier.state.in_(("queued", "leased", "sending")))
        .exists()
    )
    return (OutboxMessage.channel != IN_ORDER) | ~waiting


def lease(
    session: Session, channels: Collection[str], owner: str, now: datetime, until: datetime, limit: int
) -> Sequence[OutboxMessage]:
    """Take up to ``limit`` due messages in one conditional UPDATE: two callers never get the same row.

    SKIP LOCKED keeps PostgreSQL callers from waiting for each other; SQLite has one writer at a time anyway.
    """
    due = (
        select(OutboxMessage.id)
        .where(OutboxMessage.state == "queued", OutboxMessage.not_before <= now, OutboxMessage.channel.in_(channels))
        .where(_its_turn())
        .order_by(OutboxMessage.not_before, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(due.scalar_subquery()), OutboxMessage.state == "queued")
        .values(state="leased", lease_owner=owner, lease_until=until)
        .returning(OutboxMessage)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    return sorted(taken, key=lambda message: (message.not_before, message.id))


def run_out(session: Session, now: datetime) -> Sequence[OutboxMessage]:
    """Messages whose holder did not come back in time, locked for the caller."""
    held = select(OutboxMessage).where(OutboxMessage.state.in_(("leased", "sending")), OutboxMessage.lease_until <= now)
    return session.scalars(held.order_by(OutboxMessage.id).with_for_update(skip_locked=True)).all()


def last_sent(session: Session, purpose: str) -> datetime | None:
    """When a message for this purpose was last taken by its platform."""
    query = select(OutboxMessage.sent_at).where(OutboxMessage.purpose == purpose, OutboxMessage.state == "sent")
    return session.scalar(query.order_by(OutboxMessage.id.desc()).limit(1))
