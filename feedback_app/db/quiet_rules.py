"""Which visits are too sensitive to invite or remind anybody afterwards."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class QuietRule(Base):
    """An empty field does not narrow. A rule that was taken back stays, so that ours are not put in again."""

    __tablename__ = "quiet_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    why: Mapped[str] = mapped_column(String(20))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    word: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(20), default="")
    under_age: Mapped[int | None] = mapped_column()
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(60), default="")
