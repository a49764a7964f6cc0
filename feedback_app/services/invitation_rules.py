"""The rules of invitations, edited in the console. There are none at first: a hospital decides to invite."""

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.invitations import InvitationRule
from feedback_app.domain import invitations
from feedback_app.domain.invitations import Rule
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit
from feedback_app.services.visit_rows import VisitKind

VISIT_KINDS: tuple[str, ...] = get_args(VisitKind)


def in_force(session: Session) -> list[Rule]:
    return [_rule(one) for one in listed(session)]


def listed(session: Session) -> Sequence[InvitationRule]:
    """Those in force, oldest first."""
    query = select(InvitationRule).where(InvitationRule.ended_at.is_(None)).order_by(InvitationRule.id)
    return session.scalars(query).all()


def _rule(row: InvitationRule) -> Rule:
    return Rule(
        row.id, row.kinds, row.department_id, row.after_hours, row.silent_from, row.silent_until, row.channels, row.remind_days
    )  # fmt: skip


def save(session: Session, name: str, wanted: Rule, *, by: str, now: datetime) -> int:
    """A new rule, or (``wanted.id`` not 0) that one otherwise: the old one ends, so that each invitation keeps the rule it was
    made by. Raises Refused ``visit_invitations.no_name`` and what ``domain.invitations.check`` raises, NotFound ``visit_invitations.no_rule``.
    """
    said = clean(name)[:60]
    if not said:
        raise Refused("visit_invitations.no_name")
    invitations.check(
        kinds=wanted.kinds,
        known=VISIT_KINDS,
        after_hours=wanted.after_hours,
        silent=(wanted.silent_from, wanted.silent_until),
        channels=wanted.channels,
        remind_days=wanted.remind_days,
    )
    if wanted.department_id is not None:
        unit = session.get(ServicePoint, wanted.department_id)
        if unit is None or unit.kind != "department":
            raise NotFound("quiet.no_department")
    if wanted.id:
        end(session, wanted.id, by=by, now=now)
    row = InvitationRule(
        name=said,
        kinds=list(wanted.kinds),
        department_id=wanted.department_id,
        after_hours=wanted.after_hours,
        silent_from=wanted.silent_from,
        silent_until=wanted.silent_until,
        channels=list(wanted.channels),
        remind_days=wanted.remind_days,
        made_at=now,
        made_by=by,
    )
    session.add(row)
    session.flush()
    audit.write(
        session, actor=by, action="invitations.rule_saved", subject=said, now=now, channels=" ".join(row.channels)
    )
    return row.id


def end(session: Session, rule_id: int, *, by: str, now: datetime) -> None:
    """It invites nobody any more. Raises NotFound ``visit_invitations.no_rule``."""
    row = session.get(InvitationRule, rule_id)
    if row is None:
        raise NotFound("visit_invitations.no_rule")
    if row.ended_at is None:
        row.ended_at = now
        audit.write(session, actor=by, action="invitations.rule_ended", subject=row.name, now=now)
