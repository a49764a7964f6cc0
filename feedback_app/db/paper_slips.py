"""Paper slips: which question set in which version was printed for whom, and which slip has been typed in."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class PaperSlip(Base):
    __tablename__ = "paper_slips"

    id: Mapped[int] = mapped_column(primary_key=True)  # the running number
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_versions.id"))
    printed_at: Mapped[datetime] = mapped_column(Instant)
    printed_by: Mapped[str] = mapped_column(String(60), default="")
    typed_at: Mapped[datetime | None] = mapped_column(Instant)
    typed_by: Mapped[str] = mapped_column(String(60), default="")
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("ratings.id"))

    service_point: Mapped[ServicePoint] = relationship()
