"""The plans of follow-up, edited in the console. There is none at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.follow_ups import FollowUpPlan
from feedback_app.domain.follow_ups import CALLERS, Asked, Plan, read_days, read_questions
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit

MOST_WAIT = 14  # days until somebody calls


@dataclass(frozen=True)
class Wanted:
    """A plan as it was typed."""

    name: str
    days: str
    questions: str
    caller: str
    call_after_days: int
    department_id: int | None = None
    word: str = ""


def listed(session: Session) -> Sequence[FollowUpPlan]:
    """Those in force, oldest first."""
    return session.scalars(select(FollowUpPlan).where(FollowUpPlan.ended_at.is_(None)).order_by(FollowUpPlan.id)).all()


def in_force(session: Session) -> list[Plan]:
    return [Plan(one.id, one.department_id, one.word, one.days) for one in listed(session)]


def asked(plan: FollowUpPlan) -> list[Asked]:
    return [Asked(**one) for one in plan.questions]


def add(session: Session, wanted: Wanted, *, by: str, now: datetime) -> FollowUpPlan:
    """Raises Refused ``follow_ups.no_name``, ``.bad_days``, ``.bad_questions``, ``.bad_caller``; NotFound ``quiet.no_department``."""
    name = clean(wanted.name)[:60]
    if not name:
        raise Refused("follow_ups.no_name")
    if wanted.caller not in CALLERS or not 0 <= wanted.call_after_days <= MOST_WAIT:
        raise Refused("follow_ups.bad_caller", most=MOST_WAIT)
    if wanted.department_id is not None:
        unit = session.get(ServicePoint, wanted.department_id)
        if unit is None or unit.kind != "department":
            raise NotFound("quiet.no_department")
    row = FollowUpPlan(
        name=name,
        department_id=wanted.department_id,
        word=clean(wanted.word)[:40],
        days=read_days(wanted.days),
        questions=[vars(one) for one in read_questions(wanted.questions)],
        caller=wanted.caller,
        call_after_days=wanted.call_after_days,
        made_at=now,
        made_by=by,
    )
    session.add(row)
    session.flush()
    audit.write(session, actor=by, action="follow_ups.plan_added", subject=name, now=now)
    return row


def end(session: Session, plan_id: int, *, by: str, now: datetime) -> None:
    """Nobody is newly followed up by it; what is planned goes on. Raises NotFound ``follow_ups.no_plan``."""
    row = session.get(FollowUpPlan, plan_id)
    if row is None:
        raise NotFound("follow_ups.no_plan")
    if row.ended_at is None:
        row.ended_at = now
        audit.write(session, actor=by, action="follow_ups.plan_ended", subject=row.name, now=now)
