"""Who is on leave from when until when, as the hospital's system told it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class Leave(Base):
    """Days are inclusive. Why somebody is away is nobody's business here."""

    __tablename__ = "leaves"
    __table_args__ = (UniqueConstraint("staff_id", "first_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    first_day: Mapped[date] = mapped_column()
    last_day: Mapped[date] = mapped_column(index=True)
    told_at: Mapped[datetime] = mapped_column(Instant)
    told_by: Mapped[str] = mapped_column(String(20))
