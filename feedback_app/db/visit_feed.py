"""Visits as the hospital's system told them: who served when, by a keyed hash; whom to write to, sealed and apart from it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base, Instant

SHORT_HASH = String(32)  # 128 bits of a keyed hash: there are millions of visits


class HospitalVisit(Base):
    """One visit. Without the secret key nobody can tell whose: the hospital's own number is not here."""

    __tablename__ = "hospital_visits"
    __table_args__ = (
        Index("ix_hospital_visits_day_point", "day", "service_point_id"),
        Index("ix_hospital_visits_decide_at", "decide_at"),
        Index("ix_hospital_visits_person_hash", "person_hash"),
        Index("ix_hospital_visits_kind_follow_up", "kind", "follow_up"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference_hash: Mapped[str] = mapped_column(SHORT_HASH, unique=True)
    digest: Mapped[str] = mapped_column(String(16))  # keyed, of everything told: whether a repeat says something else
    person_hash: Mapped[str | None] = mapped_column(SHORT_HASH)  # until the contact is forgotten
    kind: Mapped[str] = mapped_column(String(12))  # services.visit_rows.KINDS
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    ended_at: Mapped[datetime] = mapped_column(Instant)
    day: Mapped[date] = mapped_column()  # of ended_at, in the hospital's zone
    quiet: Mapped[str] = mapped_column(
        String(12), default=""
    )  # why nobody may be invited; age and outcome are not kept
    decide_at: Mapped[datetime | None] = mapped_column(Instant)  # when to decide about an invitation; None: decided
    not_invited: Mapped[str] = mapped_column(String(12), default="")  # why not; services.visit_invitations.WHY_NOT
    follow_up: Mapped[str] = mapped_column(String(8), default="")  # inpatients: planned | none; "": not looked at yet
    told_by: Mapped[str] = mapped_column(String(20))  # api:… | csv | hl7
    received_at: Mapped[datetime] = mapped_column(Instant)


class VisitContact(Base):
    """What is needed to reach whoever was here, sealed; deleted when it is needed no longer."""

    __tablename__ = "visit_contacts"

    visit_id: Mapped[int] = mapped_column(ForeignKey("hospital_visits.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)  # JSON: reference, phone, openid, diagnosis group
    forget_on: Mapped[date] = mapped_column(index=True)
