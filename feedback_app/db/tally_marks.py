"""Counts kept ready for leaderboards: one row for each month and service point, recomputed when something has changed.

Every insert and every change of a rating leaves a mark with its month, day and service point, by a trigger of the database: no
code that touches ratings can forget it. A mark is a row of its own, so that writers never wait for one another, and it is
committed with the rating it stands for. Folding takes the marks it can see and counts those months and points anew; a rating
that is committed later brings its own mark later. Nothing is ever added to a sum, so nothing can be lost or counted twice.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    cast,
    delete,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback_app.db.base import Base
from feedback_app.db.day_counts import PointDay
from feedback_app.db.engine import lock

Key = tuple[str, int]  # month, service point


class Tally(Base):
    """What is known of one service point in one month, as ``services.tallying`` packs it."""

    __tablename__ = "tallies"

    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), primary_key=True)
    body: Mapped[list[Any]] = mapped_column(JSON)


class TallyMark(Base):
    """A rating of that month and service point has come, or changed, since the tally was made."""

    __tablename__ = "tally_marks"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    period: Mapped[str] = mapped_column(String(7))
    service_point_id: Mapped[int] = mapped_column()
    day: Mapped[date] = mapped_column()


_SQLITE = (
    "CREATE TRIGGER ratings_{what} AFTER {What} ON ratings BEGIN "
    "INSERT INTO tally_marks (period, service_point_id, day) VALUES ({row}.period, {row}.service_point_id, {row}.day); END"
)
_SQLITE_TRIGGERS = (("insert", "NEW"), ("update", "NEW"), ("delete", "OLD"))
_POSTGRES = (
    "CREATE OR REPLACE FUNCTION mark_tally() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'DELETE' THEN "
    "INSERT INTO tally_marks (period, service_point_id, day) VALUES (OLD.period, OLD.service_point_id, OLD.day); "
    "RETURN OLD; END IF; "
    "INSERT INTO tally_marks (period, service_point_id, day) VALUES (NEW.period, NEW.service_point_id, NEW.day); "
    "RETURN NEW; END $$",
    "CREATE OR REPLACE TRIGGER ratings_marked AFTER INSERT OR UPDATE OR DELETE ON ratings "
    "FOR EACH ROW EXECUTE FUNCTION mark_tally()",
)


@event.listens_for(Table, "after_create")
def _make_triggers(table: Table, connection: Connection, **_: object) -> None:
    """With the table itself, whoever makes it: the migration or a test."""
    if table.name == "ratings":
        make_triggers_anew(connection)


def make_triggers_anew(connection: Connection) -> None:
    """The same after any number of calls."""
    if connection.dialect.name == "sqlite":
        for what, row in _SQLITE_TRIGGERS:
            # nosemgrep: sql-from-text
            connection.execute(text(f"DROP TRIGGER IF EXISTS ratings_{what}"))
            connection.execute(text(_SQLITE.format(what=what, What=what.upper(), row=row)))
    else:
        for statement in _POSTGRES:
            connection.execute(text(statement))


def marked(session: Session, periods: Iterable[str] | None = None) -> set[Key]:
    """The months and points whose tally is out of date."""
    query = select(TallyMark.period, TallyMark.service_point_id).distinct()
    if periods is not None:
        query = query.where(TallyMark.period.in_(list(periods)))
    return {(period, point_id) for period, point_id in session.execute(query)}


def marked_days(session: Session) -> set[PointDay]:
    """The days and points whose counts are out of date."""
    query = select(TallyMark.period, TallyMark.service_point_id, TallyMark.day).distinct()
    return {PointDay(*row) for row in session.execute(query)}


def has_marks(session: Session) -> bool:
    return session.scalar(select(TallyMark.id).limit(1)) is not None


def alone(session: Session) -> None:
    """Whoever stores tallies does so alone: of two, the slower one would put older counts over newer ones."""
    lock(session, "tallies")


class Mark(NamedTuple):
    id: int
    of: PointDay


def come_in_order(session: Session) -> bool:
    """Whether every mark that is seen later has a higher id: so with SQLite's one writer, and not on a server."""
    return session.get_bind().dialect.name == "sqlite"


def oldest(session: Session, most: int) -> list[Mark]:
    columns = (TallyMark.id, TallyMark.period, TallyMark.service_point_id, TallyMark.day)
    rows = session.execute(select(*columns).order_by(TallyMark.id).limit(most))
    return [Mark(row[0], PointDay(*row[1:])) for row in rows]


def remove(session: Session, marks: Sequence[Mark]) -> bool:
    """Remove these, which were the oldest. False, and nothing done, when they are not any more: somebody else took some."""
    oldest_now = select(TallyMark.id).order_by(TallyMark.id).limit(len(marks))
    if not marks or session.scalars(oldest_now).all() != [one.id for one in marks]:
        return False
    gone = delete(TallyMark).where(TallyMark.id <= marks[-1].id)
    session.execute(gone.execution_options(synchronize_session=False))
    return True


def take(session: Session, most: int) -> set[PointDay]:
    """Remove up to ``most`` marks, oldest first, and say what they stood for."""
    last = session.scalar(select(TallyMark.id).order_by(TallyMark.id).offset(most - 1).limit(1))
    gone = delete(TallyMark).where(TallyMark.id <= last) if last is not None else delete(TallyMark)
    found = session.execute(
        gone.returning(TallyMark.period, TallyMark.service_point_id, TallyMark.day).execution_options(
            synchronize_session=False
        )
    )
    return {PointDay(*row) for row in found}


def stored(session: Session, periods: Iterable[str]) -> Sequence[tuple[str, int, list[Any]]]:
    """Month, service point and body of every tally of these months.

    All bodies are decoded in one go: one by one, through the column's type, takes four times as long, and a board is nothing
    but this.
    """
    columns = select(Tally.period, Tally.service_point_id, cast(Tally.body, Text))
    rows = session.connection().execute(columns.where(Tally.period.in_(list(periods)))).all()
    bodies = json.loads(f"[{','.join([row[2] for row in rows])}]")
    return [(row[0], row[1], body) for row, body in zip(rows, bodies, strict=True)]


def store(session: Session, bodies: dict[Key, list[Any]]) -> None:
    """Replace these tallies."""
    by_month: dict[str, list[int]] = {}
    for period, point_id in bodies:
        by_month.setdefault(period, []).append(point_id)
    for period, points in by_month.items():
        for start in range(0, len(points), 500):
            part = points[start : start + 500]
            session.execute(
                delete(Tally)
                .where(Tally.period == period, Tally.service_point_id.in_(part))
                .execution_options(synchronize_session=False)
            )
    rows = [
        {"period": period, "service_point_id": point_id, "body": body} for (period, point_id), body in bodies.items()
    ]
    if rows:
        session.execute(insert(Tally), rows)
