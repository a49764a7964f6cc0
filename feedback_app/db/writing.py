"""A write transaction for the hottest path: prepared statements on the driver's own cursor, a session only when asked for.

What SQLAlchemy works out for every call (which connection, which SQL, which conversions) is worked out once: a callback of
the official account then costs a third. Everything else takes the plain way, ``Database.transaction``; both can be mixed,
for the session joins the transaction that has begun.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ClauseElement

Convert = Callable[[Any], Any] | None


class Prepared:
    """One statement with named binds. ``by_dialect`` where its wording differs, by the name of the dialect.

    Not for tables of ``db.shown_state``: nothing watches what runs here.
    """

    def __init__(self, by_dialect: Mapping[str, Executable] | Executable) -> None:
        self._statements = by_dialect
        self._made: dict[str, tuple[str, list[tuple[str, Convert]], bool]] = {}
        self._read: dict[str, list[Convert]] = {}

    def run(self, writing: "Writing", **values: Any) -> Any:
        """The driver's cursor after it: rows as tuples, ``rowcount``."""
        dialect = writing.connection.dialect
        sql, binds, positional = self._made.get(dialect.name) or self._make(dialect)
        given = [convert(values[name]) if convert else values[name] for name, convert in binds]
        return writing.driver.execute(
            sql, given if positional else dict(zip((name for name, _ in binds), given, strict=True))
        )

    def rows(self, writing: "Writing", **values: Any) -> list[tuple[Any, ...]]:
        """What it found or returned, as Python knows it: moments aware, days as dates."""
        found = self.run(writing, **values).fetchall()
        dialect = writing.connection.dialect
        convert = self._read.get(dialect.name)
        if convert is None:
            convert = self._read[dialect.name] = self._readers(dialect)
        if not any(convert):
            return list(found)
        return [tuple(one(value) if one else value for one, value in zip(convert, row, strict=True)) for row in found]

    def _chosen(self, dialect: Dialect) -> Any:
        return self._statements[dialect.name] if isinstance(self._statements, Mapping) else self._statements

    def _readers(self, dialect: Dialect) -> list[Convert]:
        columns = self._chosen(dialect).exported_columns
        return [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]

    def _make(self, dialect: Dialect) -> tuple[str, list[tuple[str, Convert]], bool]:
        statement = self._chosen(dialect)
        assert isinstance(statement, ClauseElement)  # noqa: S101 - all of ours are
        made: Any = statement.compile(dialect=dialect)
        names = list(made.positiontup) if made.positional else list(made.binds)
        converted = [(name, made.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names]
        self._made[dialect.name] = str(made), converted, bool(made.positional)
        return self._made[dialect.name]


class Writing:
    """An open write transaction, or (``within`` a larger one) the part of it that can be undone alone."""

    def __init__(self, connection: Connection, *, within: bool = False, session: Session | None = None) -> None:
        self.connection = connection
        self.driver: Any = connection.connection.dbapi_connection
        self.info: dict[Any, Any] = {}  # what the session is to carry
        self._within = within
        self._opened = False
        if session is not None:
            self.__dict__["session"] = session

    @property
    def _joined(self) -> bool:
        """Whether the session has been used: one that was only handed on has nothing to end."""
        return self._opened and self.session.in_transaction()

    @cached_property
    def session(self) -> Session:
        """Joined to this transaction when first used."""
        self._opened = True
        if self._within and not self.connection.in_transaction():
            self.connection.begin()
        joining: Literal["create_savepoint", "conditional_savepoint"] = (
            "create_savepoint" if self._within else "conditional_savepoint"
        )
        return Session(self.connection, expire_on_commit=False, info=self.info, join_transaction_mode=joining)

    def commit(self) -> None:
        self.settle()
        self.driver.commit()

    def settle(self) -> None:
        """What the session holds is written, with what listens to commits."""
        if self._joined:
            self.session.commit()

    def rollback(self) -> None:
        self.give_up()
        self.driver.rollback()

    def give_up(self) -> None:
        if self._joined:
            self.session.rollback()

    def close(self) -> None:
        if self._opened and self.session.identity_map:
            self.session.close()


Unit = Session | Writing
"""What the services on the hottest path take: both ways of writing."""


def unit_of(unit: Unit) -> Writing:
    """The unit a session writes in, with what the session still holds back written first."""
    if isinstance(unit, Writing):
        return unit
    unit.flush()
    return Writing(unit.connection(), session=unit)
