"""What the first page of the console shows: what needs somebody now, and how far a new hospital has come."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from feedback_app.db.audit import AuditEntry
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.improvements import CaseTask
from feedback_app.db.people import Binding
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.domain.roles import Viewer
from feedback_app.services import case_sight, delivery_desk


@dataclass(frozen=True)
class Today:
    """Figures of this moment. ``nearest_due`` is the date of the open case that is due first."""

    ratings: int
    ratings_this_month: int
    open_cases: int
    overdue_cases: int
    nearest_due: date | None
    stuck_messages: int
    staff: int
    unbound_staff: int


@dataclass(frozen=True)
class Progress:
    """The four first steps of a hospital, each with whether it is done."""

    directory: bool
    codes: bool
    bindings: bool
    scan: bool

    @property
    def done(self) -> bool:
        return self.directory and self.codes and self.bindings and self.scan


def figures(session: Session, day: date, period: str, now: datetime) -> Today:
    """``day`` and ``period`` in the hospital's zone."""
    is_open, is_real = Case.state == "open", Rating.status != CANARY
    staff = (ServicePoint.kind == "staff") & ServicePoint.active
    bound = exists(select(Binding.id).where(Binding.service_point_id == ServicePoint.id, Binding.ended_at.is_(None)))
    return Today(
        ratings=_count(session, Rating, Rating.period == period, Rating.day == day, is_real),
        ratings_this_month=_count(session, Rating, Rating.period == period, is_real),
        open_cases=_count(session, Case, is_open),
        overdue_cases=_count(session, Case, is_open, Case.due_on < day),
        nearest_due=session.scalar(select(func.min(Case.due_on)).where(is_open, Case.due_on >= day)),
        stuck_messages=delivery_desk.stuck(session, now),
        staff=_count(session, ServicePoint, staff),
        unbound_staff=_count(session, ServicePoint, staff, ~bound),
    )


@dataclass(frozen=True)
class HeadsDesk:
    """What waits for the head of a department: cases released to it, and things to put right."""

    cases: int
    overdue: int
    nearest_due: date | None
    tasks: int
    late_tasks: int


def of_head(session: Session, viewer: Viewer, day: date) -> HeadsDesk:
    mine = (Case.state == "open") & case_sight.visible(viewer)
    tasks = (CaseTask.state == "open") & (Case.department_id == viewer.department_id)
    count = select(func.count()).select_from(CaseTask).join(Case, Case.id == CaseTask.case_id).where(tasks)
    return HeadsDesk(
        cases=_count(session, Case, mine),
        overdue=_count(session, Case, mine, Case.due_on < day),
        nearest_due=session.scalar(select(func.min(Case.due_on)).where(mine, Case.due_on >= day)),
        tasks=session.scalar(count) or 0,
        late_tasks=session.scalar(count.where(CaseTask.due_on < day)) or 0,
    )


def progress(session: Session) -> Progress:
    return Progress(
        directory=_any(session, ServicePoint.kind != "department"),
        codes=_any(session, AuditEntry.action == "codes.printed"),
        bindings=_any(session, Binding.ended_at.is_(None)),
        scan=_any(session, Rating.channel == "form", ~Rating.made_up, Rating.status != CANARY),
    )


def _count(session: Session, table: type, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def _any(session: Session, *conditions: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(exists().where(*conditions))))
