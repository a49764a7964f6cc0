"""Who belongs to the bodies of an award (领导小组, 评选小组, 专家组 …), in which role, from when until when."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class BodyMember(Base):
    """One person's term in one body. ``service_point_id`` None: from outside, or a patients' representative."""

    __tablename__ = "body_members"

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40), index=True)
    body: Mapped[str] = mapped_column(String(40))  # key, as in the scheme
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(12))  # domain.bodies.ROLES
    since: Mapped[date] = mapped_column()
    until: Mapped[date | None] = mapped_column()  # last day of the term; None: open
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)

    person: Mapped[ServicePoint | None] = relationship()


def of_award(session: Session, award_key: str) -> Sequence[BodyMember]:
    """Everybody who ever belonged to one, in the order they came."""
    query = select(BodyMember).where(BodyMember.award_key == award_key).order_by(BodyMember.since, BodyMember.id)
    return session.scalars(query.options(joinedload(BodyMember.person).joinedload(ServicePoint.department))).all()
