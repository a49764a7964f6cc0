"""Uploaded lists between upload and import, so that a reload or a lunch break loses nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant


class ImportDraft(Base):
    __tablename__ = "import_drafts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # random, stands in the address
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    filename: Mapped[str] = mapped_column(String(200), default="")
    form: Mapped[str] = mapped_column(String(40), default="")
    sheets: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [[name, [[line, [cell, …]], …]], …]
    sheet: Mapped[int] = mapped_column(default=0)  # the one being imported
    kind: Mapped[str] = mapped_column(String(20), default="")
    heading: Mapped[int] = mapped_column(default=0)  # index of the heading row
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # place in the row -> field
    create_departments: Mapped[bool] = mapped_column(default=True)
    replace_missing: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict
    )  # counts, once imported; the sheets are dropped then


def forget_expired(session: Session, now: datetime) -> None:
    session.execute(delete(ImportDraft).where(ImportDraft.expires_at <= now))
