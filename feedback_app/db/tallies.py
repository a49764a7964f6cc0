"""Counts over ratings, made by the database: what a leaderboard is computed from."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from feedback_app.db import duty_swaps
from feedback_app.db.duty_swaps import DutySwap
from feedback_app.db.ratings import CANARY, Rating

_DUTY = (Rating.__table__.c.service_point_id, Rating.__table__.c.on_duty_id, Rating.__table__.c.received_at)


class Count(NamedTuple):
    """So many ratings of one level, with one status, of one service point in one month."""

    period: str
    point_id: int
    status: str
    verified: bool
    score: int
    ratings: int


class Repeat(NamedTuple):
    """One of several ratings of one person for one service point on one day."""

    id: int
    point_id: int
    rater: str | None
    day: date
    period: str
    score: int
    verified: bool


class Comment(NamedTuple):
    id: int
    point_id: int
    on_duty_id: int | None
    text: str


def counts(
    session: Session,
    periods: Sequence[str],
    *,
    points: Sequence[int] | None = None,
    days: tuple[date, date] | None = None,
) -> list[Count]:
    """Answered from the index over (period, service point, status, verified, score) alone, unless for single ``days``."""
    keys = (Rating.period, Rating.service_point_id, Rating.status, Rating.verified, Rating.score)
    query = select(*keys, func.count()).where(Rating.period.in_(periods), Rating.status != CANARY).group_by(*keys)
    if points is not None:
        query = query.where(Rating.service_point_id.in_(points))
    if days is not None:
        query = query.where(Rating.day.between(*days))
    # A rating without a level ("don't know") is kept as excluded: it has no place among the levels.
    return [Count(*row) for row in session.execute(query)]


def months(session: Session) -> list[str]:
    """Every month with a rating, oldest first."""
    return list(session.scalars(select(Rating.period).distinct().order_by(Rating.period)))


def points_of(session: Session, period: str) -> list[int]:
    """Every service point with a rating in that month."""
    return list(session.scalars(select(Rating.service_point_id).where(Rating.period == period).distinct()))


def repeats(
    session: Session, periods: Sequence[str] | None = None, *, points: Sequence[int] | None = None
) -> list[Repeat]:
    """Every counted rating without a ticket (of these months, of these points) that shares person, service point and day
    with another one. Usually very few.
    """
    keys = (Rating.service_point_id, Rating.rater_hash, Rating.day)
    countable = and_(Rating.status == "counted", ~Rating.verified, Rating.rater_hash.is_not(None))
    if periods is not None:
        countable = and_(Rating.period.in_(periods), countable)
    if points is not None:
        countable = and_(Rating.service_point_id.in_(points), countable)
    several = select(*keys).where(countable).group_by(*keys).having(func.count() > 1).subquery()
    query = (
        select(Rating.id, *keys, Rating.period, Rating.score, Rating.verified)
        .join(
            several,
            and_(
                Rating.service_point_id == several.c.service_point_id,
                Rating.rater_hash == several.c.rater_hash,
                Rating.day == several.c.day,
            ),
        )
        .where(countable)
    )
    return [Repeat(*row) for row in session.execute(query)]


def first_period(session: Session) -> str | None:
    """The earliest month with any rating."""
    return session.scalar(select(func.min(Rating.period)).where(Rating.status != CANARY))


def served_at_windows(session: Session, periods: Sequence[str]) -> dict[int, int]:
    """Staff id to the number of counted ratings of windows at which that person alone was on duty; swaps as agreed, minutes
    that are disputed for nobody."""
    who = duty_swaps.settled(Rating.__table__.c.on_duty_id)
    query = (
        select(who, func.count())
        .select_from(Rating)
        .outerjoin(DutySwap, duty_swaps.over(*_DUTY))
        .where(Rating.period.in_(periods), Rating.status == "counted", Rating.on_duty_id.is_not(None))
    )
    return {person: count for person, count in session.execute(query.group_by(who)) if person is not None}


def kind_comments(session: Session, periods: Sequence[str], least: int) -> list[Comment]:
    """Comments of counted ratings with at least ``least`` stars, in order of acceptance."""
    who = duty_swaps.settled(Rating.__table__.c.on_duty_id)
    query = (
        select(Rating.id, Rating.service_point_id, who, Rating.comment)
        .select_from(Rating)
        .outerjoin(DutySwap, duty_swaps.over(*_DUTY))
        .where(Rating.period.in_(periods), Rating.status == "counted", Rating.score >= least, Rating.comment != "")
    )
    return [Comment(*row) for row in session.execute(query.order_by(Rating.id))]


class Raters(NamedTuple):
    """So many counted ratings of what somebody did, themself or alone at a window, in one month."""

    person_id: int
    period: str
    ratings: int


def raters(session: Session, periods: Sequence[str]) -> list[Raters]:
    who = duty_swaps.settled(Rating.__table__.c.on_duty_id)
    query = select(Rating.service_point_id, who, Rating.period, func.count()).select_from(Rating)
    query = query.outerjoin(DutySwap, duty_swaps.over(*_DUTY))
    query = query.where(Rating.period.in_(periods), Rating.status == "counted")
    found: dict[tuple[int, str], int] = {}
    for point_id, person_id, period, n in session.execute(query.group_by(Rating.service_point_id, who, Rating.period)):
        for one in _who(point_id, person_id):
            found[one, period] = found.get((one, period), 0) + n
    return [Raters(*key, n) for key, n in found.items()]


def _who(point_id: int, on_duty_id: int | None) -> list[int]:
    return [point_id] if on_duty_id in (None, point_id) else [point_id, on_duty_id]


class Moment(NamedTuple):
    """When somebody was rated, themself or alone at a window; ``text``: kind words that came with it, else ""."""

    person_id: int
    at: datetime
    text: str


def moments(session: Session, after: datetime, until: datetime, least: int) -> list[Moment]:
    """Of every counted rating accepted after one moment and until another, in order of acceptance; words with ``least`` stars
    and more."""
    who = duty_swaps.settled(Rating.__table__.c.on_duty_id)
    query = select(Rating.service_point_id, who, Rating.received_at, Rating.score, Rating.comment).select_from(Rating)
    query = query.outerjoin(DutySwap, duty_swaps.over(*_DUTY))
    query = query.where(Rating.received_at > after, Rating.received_at <= until, Rating.status == "counted")
    return [
        Moment(one, at, words if score >= least else "")
        for point_id, person_id, at, score, words in session.execute(query.order_by(Rating.id))
        for one in _who(point_id, person_id)
    ]
