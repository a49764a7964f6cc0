"""Appeals of staff against a case and the rating behind it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.complaints import Case


class Appeal(Base):
    """One person contests one case once."""

    __tablename__ = "appeals"
    __table_args__ = (UniqueConstraint("case_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("ratings.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    reasons: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10), default="open", index=True)  # open | upheld | refused
    decision: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(60), default="")
    decided_role: Mapped[str] = mapped_column(String(20), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)

    case: Mapped[Case] = relationship()
