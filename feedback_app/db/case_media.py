"""Pictures and voices that somebody sent about a case by message: apart from the words, fetched by the worker."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class CaseMedia(Base):
    """wanted (the platform still has it) -> kept (``content`` is ours) | gone (too late) | refused (nothing we keep)"""

    __tablename__ = "case_media"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("case_events.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(10))  # image | voice
    media_id: Mapped[str] = mapped_column(String(128), default="")  # the platform's; "" once it is of no use
    state: Mapped[str] = mapped_column(String(10), default="wanted", index=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    content_type: Mapped[str] = mapped_column(String(40), default="")
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
