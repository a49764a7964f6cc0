"""Dated activities: courses, drills, coaching, inspections, symposia, ceremonies … one shape, its kinds are data."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class ActivityKindRow(Base):
    """A kind that an administrator made, or changed from the one that comes with the program."""

    __tablename__ = "activity_kinds"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    ended: Mapped[bool] = mapped_column(default=False)  # no new ones; those that were stay readable
    changed_by: Mapped[str] = mapped_column(String(60))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class Activity(Base):
    """planned -> closed | cancelled. ``kind`` is the whole kind as it was when the activity was planned."""

    __tablename__ = "activities"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind_key: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[dict[str, Any]] = mapped_column(JSON)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)  # planned twice by the same form is once
    title: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime] = mapped_column(Instant, index=True)
    day: Mapped[date] = mapped_column(index=True)  # in the hospital's zone
    minutes: Mapped[int] = mapped_column(default=60)
    place: Mapped[str] = mapped_column(String(120), default="")
    lead: Mapped[str] = mapped_column(String(120), default="")  # who gives it, in words
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # None: the whole hospital
    target_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # what is inspected or coached
    campaign: Mapped[str] = mapped_column(String(60), default="")
    about: Mapped[str] = mapped_column(String(60), default="")  # the dimension of questions that it is to improve
    state: Mapped[str] = mapped_column(String(10), default="planned", index=True)
    summary: Mapped[str] = mapped_column(Text, default="")  # outcome or minutes
    points: Mapped[float | None] = mapped_column()  # of the checklist, 0..100, once closed
    counted_in: Mapped[list[str]] = mapped_column(JSON, default=list)  # "award period share" it was entered for
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    code: Mapped[str] = mapped_column(String(20), unique=True)  # in the picture at the door
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)
    closed_by: Mapped[str] = mapped_column(String(60), default="")
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    department: Mapped[ServicePoint | None] = relationship(foreign_keys=[department_id])
    target: Mapped[ServicePoint | None] = relationship(foreign_keys=[target_id])


class ActivityPerson(Base):
    """Somebody who takes part: of the staff, or from outside by name (a consultant, a patient representative)."""

    __tablename__ = "activity_people"
    __table_args__ = (UniqueConstraint("activity_id", "service_point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"), index=True)
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    role: Mapped[str] = mapped_column(String(16), default="attendee")  # domain.activities.ROLES
    came: Mapped[bool | None] = mapped_column()  # None: not yet known
    came_at: Mapped[datetime | None] = mapped_column(Instant)
    came_how: Mapped[str] = mapped_column(String(60), default="")  # code | staff | login of who ticked it
    points: Mapped[float | None] = mapped_column()  # of a test or a contest, 0..100
    advice_sealed: Mapped[str] = mapped_column(Text, default="")  # for this person; see services.advice
    advice_by: Mapped[str] = mapped_column(String(60), default="")
    head_may_read: Mapped[bool] = mapped_column(default=False)

    activity: Mapped[Activity] = relationship()
    service_point: Mapped[ServicePoint | None] = relationship()


class ActivityMark(Base):
    """What an inspector said of one item of the checklist."""

    __tablename__ = "activity_marks"
    __table_args__ = (UniqueConstraint("activity_id", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"), index=True)
    item: Mapped[str] = mapped_column(String(40))
    mark: Mapped[str] = mapped_column(String(8))  # domain.activities.MARKS
    note: Mapped[str] = mapped_column(String(500), default="")
    by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Instant)


class ActivityFile(Base):
    """A picture drawn anew, or a PDF. ``item``: what of the checklist it shows, "" for the whole."""

    __tablename__ = "activity_files"
    __table_args__ = (UniqueConstraint("activity_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"), index=True)
    item: Mapped[str] = mapped_column(String(40), default="")
    name: Mapped[str] = mapped_column(String(120))
    content_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Instant)


class ActivityAction(Base):
    """An issue that was raised and what is done about it: open -> done | dropped. Also a task or resource (S36, S51)."""

    __tablename__ = "activity_actions"

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"), index=True)
    issue: Mapped[str] = mapped_column(String(500), default="")
    what: Mapped[str] = mapped_column(String(500))
    owner: Mapped[str] = mapped_column(String(60))  # login or "staff:D01"
    due_on: Mapped[date] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(8), default="open", index=True)
    effect: Mapped[str] = mapped_column(String(1000), default="")
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)
    ended_on: Mapped[date | None] = mapped_column()

    activity: Mapped[Activity] = relationship()


class ActivityGuest(Base):
    """A patient who accepted an invitation in two taps: a number of their own and nothing else."""

    __tablename__ = "activity_guests"

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"), index=True)
    number_hash: Mapped[str] = mapped_column(String(64), unique=True)
    form_key: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


def people(session: Session, activity_id: int) -> Sequence[ActivityPerson]:
    """Everybody of an activity, in the order they were added."""
    query = select(ActivityPerson).where(ActivityPerson.activity_id == activity_id).order_by(ActivityPerson.id)
    return session.scalars(query).all()


def marks(session: Session, activity_id: int) -> Sequence[ActivityMark]:
    return session.scalars(select(ActivityMark).where(ActivityMark.activity_id == activity_id)).all()


def files(session: Session, activity_id: int) -> Sequence[ActivityFile]:
    return session.scalars(
        select(ActivityFile).where(ActivityFile.activity_id == activity_id).order_by(ActivityFile.id)
    ).all()


def actions(session: Session, activity_id: int) -> Sequence[ActivityAction]:
    query = select(ActivityAction).where(ActivityAction.activity_id == activity_id)
    return session.scalars(query.order_by(ActivityAction.due_on, ActivityAction.id)).all()
