"""The complaints desk's own things: who is at a case, files, saved views, prepared answers, who is on duty."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class CaseWatch(Base):
    """Whoever has a case open now and then says so: two people need not write the same answer."""

    __tablename__ = "case_watches"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    login: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class CaseFile(Base):
    """A file that staff added to an entry of a case's history; pictures are drawn anew."""

    __tablename__ = "case_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("case_events.id"))
    content_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size: Mapped[int] = mapped_column()  # bytes
    by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Instant)


class SavedView(Base):
    """A list with its filters that somebody wants to come back to."""

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), index=True)
    name: Mapped[str] = mapped_column(String(30))
    query: Mapped[str] = mapped_column(String(400))  # as it stands in the address


class PreparedAnswer(Base):
    """Words for answers that come again and again, with named places to be filled in."""

    __tablename__ = "prepared_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class DeskDuty(Base):
    """On which days of the week (0 = Monday) somebody takes new cases."""

    __tablename__ = "desk_duties"

    login: Mapped[str] = mapped_column(String(60), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
