"""Looking through ratings: newest first, filtered, with the five levels counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from feedback_app.db import ratings
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.periods import Month
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.errors import NotFound
from feedback_app.services import complaints, questionnaires
from feedback_app.services.paging import Page, cut

KINDS = ("staff", "window", "place", "logistics", "department")
CHANNELS = ("form", "bot", "paper", "assisted", "staff")
LEVELS = (5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Wanted:
    """Which ratings; an empty field does not narrow."""

    period: str = ""
    kind: str = ""
    department_id: int | None = None
    level: int | None = None
    channel: str = ""
    with_comment: bool = False
    name: str = ""


@dataclass(frozen=True)
class Levels:
    """How often each level was chosen among the counted ratings, and how many are not counted."""

    counts: Mapping[int, int]
    not_counted: int

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        """The plain average, None without ratings."""
        return sum(level * count for level, count in self.counts.items()) / self.n if self.n else None


@dataclass(frozen=True)
class Detail:
    rating: Rating
    asked: Questionnaire | None
    on_duty: ServicePoint | None
    case: Case | None


def page(session: Session, wanted: Wanted, number: int) -> Page[Rating]:
    """Newest day first. Within a day in no order: who stood at the window first must not be first on the list."""
    query = select(Rating).where(*_conditions(wanted)).order_by(Rating.day.desc(), Rating.answers_digest, Rating.id)
    shown = joinedload(Rating.service_point).joinedload(ServicePoint.department)
    return cut(session, query.options(shown), number)


def levels(session: Session, wanted: Wanted) -> Levels:
    query = select(Rating.status, Rating.score, func.count()).where(*_conditions(wanted))
    query = query.group_by(Rating.status, Rating.score)
    rows = session.execute(query).all()
    counts = {level: sum(n for status, score, n in rows if status == "counted" and score == level) for level in LEVELS}
    return Levels(counts, sum(n for status, _, n in rows if status != "counted"))


def detail(session: Session, rating_id: int) -> Detail:
    """Raises NotFound ``ratings.not_there``."""
    rating = session.get(Rating, rating_id)
    if rating is None:
        raise NotFound("ratings.not_there")
    version = rating.questionnaire_version_id
    return Detail(
        rating=rating,
        asked=questionnaires.by_id(session, version) if version else None,
        on_duty=session.get(ServicePoint, rating.on_duty_id) if rating.on_duty_id else None,
        case=complaints.of_rating(session, rating.id),
    )


def months(session: Session, now: Month) -> list[Month]:
    """From this month back to that of the first rating."""
    first = session.scalar(select(func.min(Rating.period)).where(Rating.status != ratings.CANARY))
    oldest = min(Month.parse(first), now) if first else now
    listed = [now]
    while listed[-1] > oldest:
        listed.append(listed[-1].shifted(-1))
    return listed


def departments(session: Session) -> Sequence[ServicePoint]:
    query = select(ServicePoint).where(ServicePoint.kind == "department", ServicePoint.active)
    return session.scalars(query.order_by(ServicePoint.sort_key, ServicePoint.name)).all()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Rating.status != ratings.CANARY]
    if wanted.period:
        conditions.append(Rating.period == wanted.period)
    if wanted.level:
        conditions.append(Rating.score == wanted.level)
    if wanted.channel:
        conditions.append(Rating.channel == wanted.channel)
    if wanted.with_comment:
        conditions.append(Rating.comment != "")
    if wanted.kind or wanted.department_id or wanted.name:
        conditions.append(_about(wanted))
    return conditions


def _about(wanted: Wanted) -> ColumnElement[bool]:
    point = aliased(ServicePoint)
    query = select(point.id).where(point.id == Rating.service_point_id)
    if wanted.kind:
        query = query.where(point.kind == wanted.kind)
    if wanted.department_id:
        query = query.where(or_(point.department_id == wanted.department_id, point.id == wanted.department_id))
    if wanted.name:
        query = query.where(or_(point.name.contains(wanted.name, autoescape=True), point.key == wanted.name))
    return exists(query)
