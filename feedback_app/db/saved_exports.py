"""Questions for exports that somebody saved under a name."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base, Instant


class SavedExport(Base):
    """``span``: a named span (last_month, this_year …) that moves with the calendar."""

    __tablename__ = "saved_exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(12))
    form: Mapped[str] = mapped_column(String(6))
    span: Mapped[str] = mapped_column(String(12))
    login: Mapped[str] = mapped_column(String(60), index=True)  # whose it is
    made_at: Mapped[datetime] = mapped_column(Instant)


def of(session: Session, login: str) -> Sequence[SavedExport]:
    return session.scalars(select(SavedExport).where(SavedExport.login == login).order_by(SavedExport.id)).all()
