"""Pictures that patients sent with a form: outside the answers, known there by id only."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class Picture(Base):
    __tablename__ = "pictures"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    form_key: Mapped[str] = mapped_column(String(80), index=True)  # of the form it came with
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)
    kept: Mapped[bool] = mapped_column(default=False)  # a rating refers to it
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
