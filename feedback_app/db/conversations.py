"""What the bot is waiting for from whom, and which messages it has already answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import KEYED_HASH, Base, Instant


class Conversation(Base):
    """The open step of one person's conversation, for example ``ask_score`` for a service point."""

    __tablename__ = "conversations"

    person_hash: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    step: Mapped[str] = mapped_column(String(30))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    draft: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict
    )  # a complaint being told: stays while steps change
    changed_at: Mapped[datetime] = mapped_column(Instant)


class InboundMessage(Base):
    """A callback that has been accepted. Its key is unique, so a repeated push changes nothing and gets the same answer."""

    __tablename__ = "inbound_messages"
    __table_args__ = {"sqlite_with_rowid": False}  # one page less for each message to write and sync

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant)  # no index: only the nightly tidying looks, at all of them
    kind: Mapped[str] = mapped_column(String(30))
    reply: Mapped[str | None] = mapped_column(Text)  # JSON of our reply; empty text: nothing to say


class NotUnderstood(Base):
    """Messages the bot could not place, kept without the sender so that an administrator can teach it."""

    __tablename__ = "not_understood"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(Text)
    context: Mapped[str] = mapped_column(String(60), default="")


class TaughtWord(Base):
    """One word an administrator added to the bot's lexicon. Taken back: it stays, with the time."""

    __tablename__ = "taught_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(40))  # a place of bots/language/lexicon.toml, for example praise.words
    word: Mapped[str] = mapped_column(String(40))
    meaning: Mapped[str] = mapped_column(String(40), default="")  # for tables: what the word stands for
    taught_at: Mapped[datetime] = mapped_column(Instant)
    taught_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
