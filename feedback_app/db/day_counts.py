"""Counts of each day kept ready for the dashboards: of every service point, every department and the whole hospital.

Made as the tallies are (``db.tally_marks``): the mark of a rating says which day and service point is out of date, and whoever
folds counts that day of that point anew; a department's day is the sum of its points' days, the hospital's of its departments'.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    extract,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.domain.day_bodies import levels

HOSPITAL, NO_UNIT = 0, -1
"""In place of a department: all of them; and ratings of what belongs to none."""

_AT_ONCE = 400


class DayCount(Base):
    """One service point on one day, for the department it belonged to in that minute."""

    __tablename__ = "day_counts"
    __table_args__ = (Index("ix_day_counts_unit", "day", "unit_id"),)

    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    levels: Mapped[list[int]] = mapped_column(JSON)  # those of the body, for lists: small to read
    body: Mapped[dict[str, Any]] = mapped_column(JSON)  # domain.day_bodies


class UnitDay(Base):
    """One department (or HOSPITAL, NO_UNIT) on one day."""

    __tablename__ = "unit_days"
    __table_args__ = (Index("ix_unit_days_day", "day"),)

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    levels: Mapped[list[int]] = mapped_column(JSON)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class PointDay(NamedTuple):
    """What is counted anew: ``period`` is the month of ``day``."""

    period: str
    point_id: int
    day: date


class Alike(NamedTuple):
    """So many ratings of one service point and day that differ in nothing that is counted.

    ``answers``: question -> value, of those that were asked for; what was not answered is left out.
    """

    point_id: int
    day: date
    unit_id: int
    status: str
    score: int
    channel: str
    hour: int  # UTC
    version: int
    answers: dict[str, Any]
    n: int


@dataclass(frozen=True)
class Within:
    """Ratings of these days of one month; ``points`` None: of every service point."""

    period: str
    days: Collection[date]
    points: Collection[int] | None = None

    def narrow(self, query: Select[Any]) -> Select[Any]:
        query = query.where(Rating.period == self.period, Rating.status != CANARY, Rating.day.in_(self.days))
        return query if self.points is None else query.where(Rating.service_point_id.in_(self.points))


def versions(session: Session, within: Within) -> list[int | None]:
    """Of the question sets that were filled in."""
    return list(session.scalars(within.narrow(select(Rating.questionnaire_version_id).distinct())))


def alike(
    session: Session, within: Within, version: int | None, questions: Sequence[str], without: Collection[int]
) -> Iterator[Alike]:
    """All of this version but ``without`` these, counted by the database: Python would take three times as long."""
    few: Any = bindparam("few", list(without), expanding=True, literal_execute=True)  # however many: not as parameters
    each = within.narrow(select(*_parts(session, questions))).where(
        Rating.questionnaire_version_id == version, Rating.id.not_in(few)
    )
    inner = each.subquery()
    query = select(*inner.c, func.count()).group_by(*inner.c)
    home = units(session)
    for row in session.execute(query.execution_options(yield_per=5000)):
        yield _alike(row[:-1], row[-1], questions, home)


def places(session: Session, ids: Sequence[int]) -> Iterator[tuple[int, date, int]]:
    """Where each of these ratings belongs: service point, day, department."""
    home = units(session)
    for start in range(0, len(ids), _AT_ONCE):
        query = select(Rating.service_point_id, Rating.day, Rating.unit_id)
        for point_id, day, unit_id in session.execute(query.where(Rating.id.in_(ids[start : start + _AT_ONCE]))):
            yield point_id, day, unit_id or home.get(point_id, NO_UNIT)


def _parts(session: Session, questions: Sequence[str]) -> list[Any]:
    """What is counted of a rating."""
    at: Any = Rating.received_at
    hour = extract("hour", at if session.get_bind().dialect.name == "sqlite" else func.timezone("UTC", at))
    plain = (Rating.service_point_id, Rating.day, Rating.unit_id, Rating.status, Rating.score, Rating.channel)
    answers = (cast(Rating.answers[one], Text).label(f"answer{place}") for place, one in enumerate(questions))
    return [*plain, cast(hour, Integer).label("hour"), Rating.questionnaire_version_id, *answers]


def _alike(row: Sequence[Any], n: int, questions: Sequence[str], home: Mapping[int, int]) -> Alike:
    point_id, day, unit_id, status, score, channel, hour, version, *given = row
    told = ((key, json.loads(value)) for key, value in zip(questions, given, strict=True) if value is not None)
    answers = {key: value for key, value in told if value is not None}
    unit_id = unit_id or home.get(point_id, NO_UNIT)
    return Alike(point_id, day, unit_id, status, score, channel, hour, version or 0, answers, n)


def units(session: Session) -> dict[int, int]:
    """The department of every service point today: for ratings that did not note it in their minute."""
    query = select(ServicePoint.id, ServicePoint.kind, ServicePoint.department_id)
    return {
        point_id: point_id if kind == "department" else department or NO_UNIT
        for point_id, kind, department in session.execute(query)
    }


def of_points(session: Session, keys: Collection[tuple[int, date]]) -> dict[tuple[int, date, int], dict[str, Any]]:
    """What is stored of these points and days."""
    found: dict[tuple[int, date, int], dict[str, Any]] = {}
    by_day: dict[date, list[int]] = {}
    for point_id, day in keys:
        by_day.setdefault(day, []).append(point_id)
    for day, points in by_day.items():
        query = select(DayCount.service_point_id, DayCount.unit_id, DayCount.body).where(DayCount.day == day)
        if len(points) <= _AT_ONCE:
            query = query.where(DayCount.service_point_id.in_(points))
        wanted = set(points)
        for point_id, unit_id, body in session.execute(query):
            if point_id in wanted:
                found[point_id, day, unit_id] = body
    return found


def of_point(session: Session, point_id: int, first: date, last: date) -> list[tuple[date, int, dict[str, Any]]]:
    """Day, department and body of one service point."""
    query = select(DayCount.day, DayCount.unit_id, DayCount.body).where(
        DayCount.service_point_id == point_id, DayCount.day.between(first, last)
    )
    return [(day, unit, body) for day, unit, body in session.execute(query)]


def levels_of_points(session: Session, unit_id: int, first: date, last: date) -> list[tuple[int, list[int]]]:
    """Service point and levels of each day of all that belonged to a department."""
    query = select(DayCount.service_point_id, DayCount.levels).where(
        DayCount.day.between(first, last), DayCount.unit_id == unit_id
    )
    return [(point_id, counted) for point_id, counted in session.execute(query)]


def levels_of_units(session: Session, first: date, last: date) -> list[tuple[int, list[int]]]:
    """Department and levels of each day, the hospital's not."""
    query = select(UnitDay.unit_id, UnitDay.levels).where(UnitDay.day.between(first, last), UnitDay.unit_id != HOSPITAL)
    return [(unit_id, counted) for unit_id, counted in session.execute(query)]


def of_unit(session: Session, unit_id: int, first: date, last: date) -> list[tuple[date, dict[str, Any]]]:
    query = select(UnitDay.day, UnitDay.body).where(UnitDay.unit_id == unit_id, UnitDay.day.between(first, last))
    return [(day, body) for day, body in session.execute(query)]


def of_all_units(session: Session, first: date, last: date) -> list[tuple[int, date, dict[str, Any]]]:
    """Every department's days, the hospital's not."""
    query = select(UnitDay.unit_id, UnitDay.day, UnitDay.body).where(
        UnitDay.day.between(first, last), UnitDay.unit_id != HOSPITAL
    )
    return [(unit_id, day, body) for unit_id, day, body in session.execute(query)]


def first_day(session: Session) -> date | None:
    """The oldest day there is anything of."""
    return session.scalar(select(UnitDay.day).order_by(UnitDay.day).limit(1))


def replace_points(
    session: Session, keys: Collection[tuple[int, date]], bodies: dict[tuple[int, date, int], dict[str, Any]]
) -> None:
    """What is stored of these points and days becomes ``bodies``."""
    by_day: dict[date, list[int]] = {}
    for point_id, day in keys:
        by_day.setdefault(day, []).append(point_id)
    for day, points in by_day.items():
        for start in range(0, len(points), _AT_ONCE):
            gone = delete(DayCount).where(
                DayCount.day == day, DayCount.service_point_id.in_(points[start : start + _AT_ONCE])
            )
            session.execute(gone.execution_options(synchronize_session=False))
    rows = [
        {"service_point_id": point_id, "day": day, "unit_id": unit_id, "levels": levels(body), "body": body}
        for (point_id, day, unit_id), body in bodies.items()
    ]
    if rows:
        session.execute(insert(DayCount), rows)


def replace_units(session: Session, day: date, bodies: dict[int, dict[str, Any]]) -> None:
    """What is stored of these departments on that day becomes ``bodies``; an empty one is removed."""
    gone = delete(UnitDay).where(UnitDay.day == day, UnitDay.unit_id.in_(list(bodies)))
    session.execute(gone.execution_options(synchronize_session=False))
    rows = [
        {"unit_id": unit_id, "day": day, "levels": levels(body), "body": body}
        for unit_id, body in bodies.items()
        if body
    ]
    if rows:
        session.execute(insert(UnitDay), rows)


def bodies_of_day(session: Session, day: date, units: Collection[int]) -> list[tuple[int, dict[str, Any]]]:
    """Department and body of every point of these departments on that day."""
    query = select(DayCount.unit_id, DayCount.body).where(DayCount.day == day, DayCount.unit_id.in_(list(units)))
    return [(unit_id, body) for unit_id, body in session.execute(query)]
