"""What the pages of an activity show, and what their fields offer."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db import activities as rows
from feedback_app.db.activities import Activity, ActivityAction, ActivityMark, ActivityPerson
from feedback_app.db.campaign_money import BudgetLine
from feedback_app.db.directory import ServicePoint
from feedback_app.db.rounds import Round
from feedback_app.errors import Refused


def people(session: Session, activity_id: int) -> Sequence[ActivityPerson]:
    """With their departments."""
    query = select(ActivityPerson).where(ActivityPerson.activity_id == activity_id).order_by(ActivityPerson.id)
    wide = joinedload(ActivityPerson.service_point).joinedload(ServicePoint.department)
    return session.scalars(query.options(wide)).all()


def marks(session: Session, activity_id: int) -> Mapping[str, ActivityMark]:
    """By item."""
    return {row.item: row for row in rows.marks(session, activity_id)}


def actions(session: Session, activity_id: int) -> Sequence[ActivityAction]:
    return rows.actions(session, activity_id)


def points(session: Session, kinds: Sequence[str]) -> Sequence[ServicePoint]:
    """In use, of these kinds, in pinyin order."""
    query = select(ServicePoint).where(ServicePoint.active, ServicePoint.kind.in_(kinds))
    wide = query.options(joinedload(ServicePoint.department))
    return session.scalars(wide.order_by(ServicePoint.kind, ServicePoint.sort_key, ServicePoint.key)).all()


def target(session: Session, kinds: Sequence[str], typed: str) -> int | None:
    """Who or what a number or a full name means; None for nothing typed. Raises Refused ``activities.no_such_target``."""
    words = typed.strip()
    if not words:
        return None
    found = [one for one in points(session, kinds) if words in (one.key, one.name)]
    exact = [one for one in found if one.key == words] or found
    if len(exact) != 1:
        raise Refused("activities.no_such_target", typed=words[:40])
    return exact[0].id


def campaigns(session: Session) -> list[str]:
    """Names that were used before: of selections, activities and budgets."""
    names = {
        *session.scalars(select(Round.title)),
        *session.scalars(select(Activity.campaign).distinct()),
        *session.scalars(select(BudgetLine.campaign).distinct()),
    }
    return sorted(one for one in names if one)
