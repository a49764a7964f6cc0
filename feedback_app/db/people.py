"""The vault of identities, apart from everything people wrote, and the ways out to members of staff."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.directory import ServicePoint


class Person(Base):
    """Somebody who talks to the official account. Other tables know only ``hash``; the key of that hash is not here."""

    __tablename__ = "people"

    hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    openid_sealed: Mapped[str] = mapped_column(Text, default="")
    following: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(12), default="zh")
    quiet: Mapped[bool] = mapped_column(default=False)  # asked for silence: nothing but answers to own cases
    news: Mapped[bool] = mapped_column(default=False)  # a case of theirs was answered and they may not know yet
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)


class Binding(Base):
    """A way to reach one member of staff, confirmed by that member."""

    __tablename__ = "bindings"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))  # wecom | official_account | mail
    address_sealed: Mapped[str] = mapped_column(Text)
    address_hash: Mapped[str] = mapped_column(KEYED_HASH, index=True)
    bound_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    service_point: Mapped[ServicePoint] = relationship()


class BindingSlip(Base):
    """A one-time paper slip that lets its holder say "this is me"."""

    __tablename__ = "binding_slips"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    token_hash: Mapped[str] = mapped_column(KEYED_HASH, unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(60))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    service_point: Mapped[ServicePoint] = relationship()
