"""Deciding, and letting an administrator decide, which question set is asked where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import questionnaires as rows
from feedback_app.db.directory import ServicePoint
from feedback_app.db.question_rules import QuestionRule
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain.question_choice import Asked, Rule, in_order
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit

KINDS = ("staff", "window", "place", "logistics", "department")


@dataclass(frozen=True)
class Listed:
    """A rule with what a page says about it."""

    rule: Rule
    department: str
    over: bool


def version_for(session: Session, point: ServicePoint, now: datetime) -> QuestionnaireVersion | None:
    """The published version that the deciding rule names for this service point; None when no rule does."""
    for rule in in_order(_all(session), _asked(point), now):
        found = rows.published(session, rule.set_key)
        if found is not None:
            return found
    return None


def next_change(session: Session, now: datetime) -> datetime | None:
    """The next moment at which a rule begins or ends, so that another set may be asked somewhere; None: no such moment."""
    ends = (end for rule in _all(session) for end in (rule.starts_at, rule.ends_at) if end is not None and end > now)
    return min(ends, default=None)


def _asked(point: ServicePoint) -> Asked:
    own = point.id if point.kind == "department" else point.department_id
    return Asked(point.kind, own, point.category)


def _all(session: Session) -> list[Rule]:
    columns = (
        QuestionRule.id,
        QuestionRule.set_key,
        QuestionRule.kind,
        QuestionRule.department_id,
        QuestionRule.category,
        QuestionRule.starts_at,
        QuestionRule.ends_at,
    )
    return [Rule(*row) for row in session.execute(select(*columns).order_by(QuestionRule.id))]


def listed(session: Session, now: datetime) -> list[Listed]:
    """All rules, oldest first."""
    query = select(ServicePoint.id, ServicePoint.name).where(ServicePoint.kind == "department")
    names: Mapping[int, str] = dict(session.execute(query).all())
    return [
        Listed(rule, names.get(rule.department_id or 0, ""), rule.ends_at is not None and rule.ends_at <= now)
        for rule in _all(session)
    ]


def categories(session: Session) -> Sequence[str]:
    """The window types and categories of staff there are."""
    query = select(ServicePoint.category).where(ServicePoint.category != "", ServicePoint.kind.in_(("staff", "window")))
    return session.scalars(query.distinct().order_by(ServicePoint.category)).all()


def add(session: Session, rule: Rule, *, by: str, now: datetime) -> QuestionRule:
    """Ask that set where the rule fits. Raises Refused ``questions.no_published`` or ``questions.bad_span``, NotFound
    ``questions.no_department``."""
    if rows.published(session, rule.set_key) is None or rule.kind not in {"", *KINDS}:
        raise Refused("questions.no_published", key=rule.set_key[:40])
    if rule.starts_at and rule.ends_at and rule.starts_at >= rule.ends_at:
        raise Refused("questions.bad_span")
    if rule.department_id is not None:
        department = session.get(ServicePoint, rule.department_id)
        if department is None or department.kind != "department":
            raise NotFound("questions.no_department")
    made = QuestionRule(
        set_key=rule.set_key,
        kind=rule.kind,
        department_id=rule.department_id,
        category=rule.category[:40],
        starts_at=rule.starts_at,
        ends_at=rule.ends_at,
        created_at=now,
        created_by=by,
    )
    session.add(made)
    audit.write(session, actor=by, action="questions.assigned", subject=rule.set_key, now=now, where=_where(rule))
    session.flush()
    return made


def _where(rule: Rule) -> str:
    return "/".join(part for part in (rule.kind, str(rule.department_id or ""), rule.category) if part) or "everywhere"


def remove(session: Session, rule_id: int, *, by: str, now: datetime) -> None:
    """That rule decides nothing any more. Doing it again changes nothing."""
    found = session.get(QuestionRule, rule_id)
    if found is not None:
        audit.write(session, actor=by, action="questions.unassigned", subject=found.set_key, now=now)
        session.delete(found)
        session.flush()
