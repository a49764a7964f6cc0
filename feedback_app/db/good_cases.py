"""Good cases: what a patient praised, told without names so that others can learn from it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint

DRAFT, STAFF, PUBLIC, WITHDRAWN = "draft", "staff", "public", "withdrawn"


class GoodCase(Base):
    """draft -> staff (all colleagues may read it) -> public, released by a second person -> withdrawn."""

    __tablename__ = "good_cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)  # the praise it was picked from
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)
    title: Mapped[str] = mapped_column(String(60))
    story: Mapped[str] = mapped_column(Text)
    lesson: Mapped[str] = mapped_column(Text, default="")  # what others can take from it
    consent: Mapped[str] = mapped_column(String(200))  # how and when the writer agreed
    state: Mapped[str] = mapped_column(String(10), default=DRAFT, index=True)
    written_by: Mapped[str] = mapped_column(String(60))
    written_at: Mapped[datetime] = mapped_column(Instant)
    reviewed_by: Mapped[str] = mapped_column(String(60), default="")
    shared_at: Mapped[datetime | None] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)

    case: Mapped[Case] = relationship()
    department: Mapped[ServicePoint | None] = relationship()


def listed(
    session: Session, states: Sequence[str] = (), words: str = "", department_id: int | None = None
) -> Sequence[GoodCase]:
    """The newest first. Whose writer has said no since then stands on no list but that of ``states`` ()."""
    query = select(GoodCase).join(Case, Case.id == GoodCase.case_id).order_by(GoodCase.id.desc())
    if states:
        query = query.where(GoodCase.state.in_(states), or_(Case.card_consent.is_(None), Case.card_consent.is_(True)))
        query = query.where(Case.state.not_in(("withdrawn", "merged")))
    if words:
        found = [
            column.contains(words, autoescape=True) for column in (GoodCase.title, GoodCase.story, GoodCase.lesson)
        ]
        query = query.where(or_(*found))
    if department_id is not None:
        query = query.where(GoodCase.department_id == department_id)
    return session.scalars(query).all()
