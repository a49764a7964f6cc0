"""What people wrote, behind a figure: screened, undated, in no order, and only where at least five people wrote."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain import groups, harm, screening
from feedback_app.services.dashboards import Scope

DELAY = timedelta(days=4)
"""Longer than a rating can be taken back, and long enough that nobody ties words to a face."""
MOST = 60
LEVELS = {"low": (1, 2), "middle": (3, 3), "high": (4, 5)}


@dataclass(frozen=True)
class Words:
    text: str
    month: str


def of_scope(session: Session, of: Scope, level: str, first: date, today: date) -> list[Words]:
    """The comments of these days, newest month first; within a month by a hash that says nothing of time. Empty while fewer
    than five people wrote. Words that threaten or hurt stay with the protection officer."""
    rows = session.execute(
        select(Rating.comment, Rating.period, ServicePoint.name)
        .join(ServicePoint, ServicePoint.id == Rating.service_point_id)
        .where(*_conditions(of, level, first, today - DELAY))
        .order_by(Rating.period.desc(), Rating.answers_digest)
        .limit(MOST)
    ).all()
    if not groups.is_enough(len(rows)):
        return []
    told = ((words, month, name) for words, month, name in rows if not harm.kind(words))
    return [Words(screening.screened(words, {name}), month) for words, month, name in told]


def _conditions(of: Scope, level: str, first: date, last: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        Rating.period >= f"{first:%Y-%m}",
        Rating.day.between(first, last),
        Rating.status == "counted",
        Rating.comment != "",
    ]
    if level in LEVELS:
        conditions.append(Rating.score.between(*LEVELS[level]))
    if of.point is not None:
        conditions.append(Rating.service_point_id == of.point.id)
    elif of.unit is not None:
        members = select(ServicePoint.id).where(
            (ServicePoint.department_id == of.unit.id) | (ServicePoint.id == of.unit.id)
        )
        conditions.append(func.coalesce(Rating.unit_id, 0).in_((of.unit.id, 0)))
        conditions.append((Rating.unit_id == of.unit.id) | Rating.service_point_id.in_(members))
    return conditions
