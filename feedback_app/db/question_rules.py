"""Which question set is asked where: rules by kind, department, window type and time span."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant


class QuestionRule(Base):
    """An empty field does not narrow. ``starts_at`` is included, ``ends_at`` is not."""

    __tablename__ = "question_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    set_key: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16), default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    category: Mapped[str] = mapped_column(String(40), default="")  # 医师, 护理 …; of a window: 挂号, 收费 …
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(60), default="")
