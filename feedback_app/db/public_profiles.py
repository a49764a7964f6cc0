"""Who agreed to stand on the public page of stars (S55), and where one makes an appointment with them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class PublicProfile(Base):
    """Agreeing is the person's own; the page for appointments is the hospital's."""

    __tablename__ = "public_profiles"

    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), primary_key=True)
    agreed_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    appointment_url: Mapped[str] = mapped_column(String(400), default="")

    service_point: Mapped[ServicePoint] = relationship()
