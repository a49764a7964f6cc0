"""Follow-up of discharged patients: plans, and one row for each time that somebody is asked how they are."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint
from feedback_app.db.visit_feed import HospitalVisit


class FollowUpPlan(Base):
    """Empty fields do not narrow. The questions are yes-or-no, so that one page serves the patient and whoever calls."""

    __tablename__ = "follow_up_plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    word: Mapped[str] = mapped_column(String(40), default="")  # stands in the diagnosis group
    days: Mapped[list[int]] = mapped_column(JSON)  # after discharge: 3, 7, 30
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)  # key, words, worrying: yes | no | ""
    caller: Mapped[str] = mapped_column(String(12))  # department | office: who calls when nobody answers
    call_after_days: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class FollowUp(Base):
    """One time. No chart is kept here: what was answered is sealed, and erased with the contact."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("visit_id", "after_days"),
        Index("ix_follow_ups_state_due", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("hospital_visits.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("follow_up_plans.id"))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    after_days: Mapped[int] = mapped_column()
    due_on: Mapped[date] = mapped_column()
    state: Mapped[str] = mapped_column(String(10), default="planned")  # planned | asked | to_call | done | unreached
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    calls: Mapped[int] = mapped_column(default=0)  # tries without an answer
    last_call_on: Mapped[date | None] = mapped_column()
    how: Mapped[str] = mapped_column(String(8), default="")  # link | call
    done_on: Mapped[date | None] = mapped_column(index=True)
    done_by: Mapped[str] = mapped_column(String(60), default="")  # login of whoever called; "" by link
    answers_sealed: Mapped[str] = mapped_column(Text, default="")
    worrying: Mapped[bool] = mapped_column(default=False)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))

    visit: Mapped[HospitalVisit] = relationship()
    plan: Mapped[FollowUpPlan] = relationship()
    department: Mapped[ServicePoint | None] = relationship()
