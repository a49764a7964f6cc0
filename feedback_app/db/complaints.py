"""Complaints, praise, suggestions, questions, repairs and supplies as cases, with a history that only grows."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, bindparam, literal_column, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.directory import ServicePoint
from feedback_app.db.writing import Prepared, unit_of

LEAD, HELPER = "lead", "helper"


class Case(Base):
    """Words and values are those of ``domain.complaints``."""

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_state_due", "state", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)  # "T-2611-0417", made from month and count
    kind: Mapped[str] = mapped_column(String(12), default="complaint")
    urgency: Mapped[str] = mapped_column(String(10), default="normal")  # normal | urgent
    category: Mapped[str] = mapped_column(String(20), default="")
    severity: Mapped[str] = mapped_column(String(10), default="")
    source: Mapped[str] = mapped_column(String(12))
    systemic: Mapped[bool] = mapped_column(default=False)  # several cases or ratings with one cause
    state: Mapped[str] = mapped_column(String(12), default="open")
    closed_how: Mapped[str] = mapped_column(String(12), default="")  # settled | silent | closed (by the office) | final
    level: Mapped[int] = mapped_column(default=1)  # 1 department, 2 complaints office, 3 director
    text: Mapped[str] = mapped_column(Text)  # screened; as it was written it is in db.case_secrets
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)  # who leads
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("ratings.id"), unique=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    origin_key: Mapped[str | None] = mapped_column(String(120), unique=True)  # what makes filing it twice one case
    complainant_hash: Mapped[str | None] = mapped_column(KEYED_HASH, index=True)
    has_contact: Mapped[bool] = mapped_column(default=False)  # the contact itself is in db.case_secrets
    first_receiver: Mapped[str] = mapped_column(String(60), default="")  # login or "staff:D01"; "": a form or the bot
    owner: Mapped[str] = mapped_column(
        String(60), default="", index=True
    )  # likewise; "": the complaints office as such
    offered_to: Mapped[str] = mapped_column(String(60), default="")  # has not accepted it yet: the owner still has it
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    day: Mapped[date] = mapped_column()  # on which it was received
    clock_from: Mapped[date] = mapped_column()  # the clock counts from the day after; begins anew when opened again
    clock_round: Mapped[int] = mapped_column(default=1)
    working_days: Mapped[int | None] = mapped_column()  # None: no date
    due_on: Mapped[date | None] = mapped_column(index=True)
    due_provisional: Mapped[bool] = mapped_column(default=False)
    last_reminder: Mapped[str] = mapped_column(String(24), default="")  # "1:near": round and moment
    answered_on: Mapped[date | None] = mapped_column(
        index=True
    )  # the patient is asked since then whether it is settled
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    handling_score: Mapped[int | None] = mapped_column()  # 1..5, how the case was handled; counts in no board
    handling_words: Mapped[str] = mapped_column(Text, default="")
    card_consent: Mapped[bool | None] = (
        mapped_column()
    )  # may be told without names ("you said, we did"); None: not asked
    made_up: Mapped[bool] = mapped_column(default=False)

    service_point: Mapped[ServicePoint | None] = relationship(foreign_keys=[service_point_id])
    department: Mapped[ServicePoint | None] = relationship(foreign_keys=[department_id])
    merged_into: Mapped["Case | None"] = relationship(remote_side=[id])
    events: Mapped[list["CaseEvent"]] = relationship(order_by="CaseEvent.id")
    departments: Mapped[list["CaseDepartment"]] = relationship(order_by="CaseDepartment.id")
    pauses: Mapped[list["CasePause"]] = relationship(order_by="CasePause.id")


class CaseEvent(Base):
    """One entry of a case's history; written by ``services.case_history`` alone, which chains and seals it."""

    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(60))  # patient | system | account login | staff:D01
    action: Mapped[str] = mapped_column(String(20))  # filed, reminded, and the actions of domain.complaints
    text: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    salt: Mapped[str] = mapped_column(String(32))  # "": the text was erased, ``digest`` still holds
    digest: Mapped[str] = mapped_column(String(64))  # of the text
    hash: Mapped[str] = mapped_column(String(64))  # of this entry and the one before it in the same case


class CaseTold(Base):
    """Whoever wrote this case has been told of this entry in a reply (of the case it lives on in, when it was merged)."""

    __tablename__ = "case_told"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("case_events.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class CaseDepartment(Base):
    """One department leads, others help (S46); who stopped taking part stays, with the day."""

    __tablename__ = "case_departments"
    __table_args__ = (UniqueConstraint("case_id", "department_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    role: Mapped[str] = mapped_column(String(8))  # lead | helper
    since: Mapped[date] = mapped_column()
    until: Mapped[date | None] = mapped_column()

    department: Mapped[ServicePoint] = relationship()


class CasePause(Base):
    """The clock stood still, for one of the listed reasons."""

    __tablename__ = "case_pauses"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    reason: Mapped[str] = mapped_column(String(24))
    since: Mapped[date] = mapped_column()
    until: Mapped[date | None] = mapped_column()


def by_number(session: Session, number: str) -> Case | None:
    return session.scalar(select(Case).where(Case.number == number))


def by_origin(session: Session, origin_key: str) -> Case | None:
    return session.scalar(select(Case).where(Case.origin_key == origin_key))


_KNOWN = Prepared(select(Case.id).where(Case.origin_key == bindparam("origin", type_=String())))
_NEWEST = Prepared(
    select(Case.number)
    .where(Case.number.startswith(bindparam("prefix", type_=String())))
    .order_by(Case.id.desc())
    .limit(literal_column("1"))
    .offset(literal_column("0"))
)


def is_known(session: Session, origin_key: str) -> bool:
    return _KNOWN.run(unit_of(session), origin=origin_key).fetchone() is not None


def last_number(session: Session, prefix: str) -> str:
    """The newest number that begins so, "" without one. Numbers are given one after the other, so it is the highest."""
    found = _NEWEST.run(unit_of(session), prefix=prefix).fetchone()
    return str(found[0]) if found else ""


def merged_into(session: Session, case_id: int) -> Sequence[Case]:
    """The cases that live on in this one, oldest first."""
    return session.scalars(select(Case).where(Case.merged_into_id == case_id).order_by(Case.id)).all()
