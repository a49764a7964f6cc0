"""What people and other systems say about candidates, beside patients' ratings; what is on file; who was honoured wrongly."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class Assessment(Base):
    """What one person gave one candidate under one share of an award: points, or the deductions of a score sheet."""

    __tablename__ = "assessments"
    __table_args__ = (UniqueConstraint("award_key", "period", "share", "service_point_id", "given_by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(24))
    share: Mapped[str] = mapped_column(String(40))
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    given_by: Mapped[str] = mapped_column(String(64))  # a login, or a keyed hash where nobody is to know
    points: Mapped[float] = mapped_column()  # 0..100
    body: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # score sheet: {"taken": [{item, reason, points}]}
    note: Mapped[str] = mapped_column(Text, default="")  # evidence in words
    given_at: Mapped[datetime] = mapped_column(Instant)


class Figure(Base):
    """One figure of one service point and period from another system."""

    __tablename__ = "figures"
    __table_args__ = (UniqueConstraint("name", "period", "service_point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(24))
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    value: Mapped[float] = mapped_column()
    source: Mapped[str] = mapped_column(String(64))  # digest of the file
    imported_at: Mapped[datetime] = mapped_column(Instant)
    imported_by: Mapped[str] = mapped_column(String(60))


class PersonRecord(Base):
    """Something on file: a licence, an accident, a dispute, a justified complaint, a decision of the discipline office."""

    __tablename__ = "person_records"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))  # domain.eligibility.RECORDS
    since: Mapped[date] = mapped_column()
    until: Mapped[date | None] = mapped_column()
    reference: Mapped[str] = mapped_column(String(60), default="")  # number of the licence or case
    why_sealed: Mapped[str] = mapped_column(Text, default="")  # discipline: for those alone who may read it
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)  # taken back as a mistake; the row stays
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)  # the complaint it was found in
    told_on: Mapped[date | None] = mapped_column()  # local day on which it was put on file

    service_point: Mapped[ServicePoint] = relationship()


class Revocation(Base):
    """An honour taken back after publication (S50). The frozen board stays; what is shown says so."""

    __tablename__ = "revocations"
    __table_args__ = (UniqueConstraint("award_key", "period", "service_point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(24))
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    why: Mapped[str] = mapped_column(Text)  # internal
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("person_records.id"))  # because of which
    ended_at: Mapped[datetime | None] = mapped_column(Instant)  # given back
    ended_by: Mapped[str] = mapped_column(String(60), default="")


class HonourReview(Base):
    """People looked at an honour after something about it had changed, and left the board as it is."""

    __tablename__ = "honour_reviews"
    __table_args__ = (UniqueConstraint("award_key", "period", "service_point_id", "record_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    award_key: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(24))
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("person_records.id"))
    why: Mapped[str] = mapped_column(Text)  # internal
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)


def of_period(session: Session, award_key: str, period: str) -> Sequence[Assessment]:
    query = select(Assessment).where(Assessment.award_key == award_key, Assessment.period == period)
    return session.scalars(query.order_by(Assessment.id)).all()


def figures(session: Session, names: Collection[str], period: str) -> Sequence[Figure]:
    query = select(Figure).where(Figure.name.in_(names), Figure.period == period)
    return session.scalars(query.order_by(Figure.id)).all()


def records(session: Session, first: date, last: date) -> Sequence[PersonRecord]:
    """Everything on file that holds on some day from ``first`` to ``last`` and was not taken back."""
    query = select(PersonRecord).where(PersonRecord.ended_at.is_(None), PersonRecord.since <= last)
    query = query.where((PersonRecord.until.is_(None)) | (PersonRecord.until >= first))
    return session.scalars(query.order_by(PersonRecord.id)).all()


def told_late(session: Session, kind: str, first: date, last: date) -> Sequence[PersonRecord]:
    """Put on file from ``first`` to ``last`` about something before that."""
    query = select(PersonRecord).where(
        PersonRecord.kind == kind,
        PersonRecord.ended_at.is_(None),
        PersonRecord.since < first,
        PersonRecord.told_on.between(first, last),
    )
    return session.scalars(query.order_by(PersonRecord.id)).all()


def acted_on(session: Session, award_key: str) -> set[int]:
    """Records because of which an honour of this award was taken back and is so still."""
    query = select(Revocation.record_id).where(Revocation.award_key == award_key, Revocation.ended_at.is_(None))
    return {one for one in session.scalars(query) if one is not None}


def revoked(session: Session, award_key: str, period: str) -> set[int]:
    """Service points whose honour of that period was taken back."""
    query = select(Revocation.service_point_id).where(Revocation.award_key == award_key, Revocation.period == period)
    return set(session.scalars(query.where(Revocation.ended_at.is_(None))))
