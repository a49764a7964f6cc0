"""Complaints, praise and suggestions as cases, with a history that only grows."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.directory import ServicePoint


class Case(Base):
    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)  # "T-2611-0417", made from month and count
    kind: Mapped[str] = mapped_column(String(12), default="complaint")  # complaint | praise | suggestion | question
    urgency: Mapped[str] = mapped_column(String(10), default="normal")  # normal | urgent
    source: Mapped[str] = mapped_column(String(12))  # form | bot | phone | paper | rating
    state: Mapped[str] = mapped_column(String(12), default="open")  # open | answered | closed | withdrawn
    text: Mapped[str] = mapped_column(Text)
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("ratings.id"), unique=True)
    origin_key: Mapped[str | None] = mapped_column(String(120), unique=True)  # what makes filing it twice one case
    complainant_hash: Mapped[str | None] = mapped_column(KEYED_HASH, index=True)
    contact_sealed: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    day: Mapped[date] = mapped_column()
    due_on: Mapped[date | None] = mapped_column(index=True)
    due_provisional: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    made_up: Mapped[bool] = mapped_column(default=False)

    service_point: Mapped[ServicePoint | None] = relationship(foreign_keys=[service_point_id])
    department: Mapped[ServicePoint | None] = relationship(foreign_keys=[department_id])
    events: Mapped[list["CaseEvent"]] = relationship(order_by="CaseEvent.id")


class CaseEvent(Base):
    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(60))  # patient | system | account login
    action: Mapped[str] = mapped_column(String(20))  # filed | added | answered | closed | withdrawn | reopened
    text: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def by_number(session: Session, number: str) -> Case | None:
    return session.scalar(select(Case).where(Case.number == number))


def by_origin(session: Session, origin_key: str) -> Case | None:
    return session.scalar(select(Case).where(Case.origin_key == origin_key))
