"""A write transaction for the hottest path: prepared statements on the driver's own cursor, a session only when asked for.

What SQLAlchemy works out for every call (which connection, which SQL, which conversions) is worked out once: a callback of
the official account then costs a third. Everything else takes the plain way, ``Database.transaction``; both can be mixed,
for the session joins the transaction that has begun.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

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

    def run(self, writing: "Writing", **values: Any) -> Any:
        """The driver's cursor after it: rows as tuples, ``rowcount``."""
        dialect = writing.connection.dialect
        sql, binds, positional = self._made.get(dialect.name) or self._make(dialect)
        given = [(name, convert(values[name]) if convert else values[name]) for name, convert in binds]
        cursor = writing.driver.cursor()
        cursor.execute(sql, [value for _, value in given] if positional else dict(given))
        return cursor

    def _make(self, dialect: Dialect) -> tuple[str, list[tuple[str, Convert]], bool]:
        statement = self._statements[dialect.name] if isinstance(self._statements, Mapping) else self._statements
        assert isinstance(statement, ClauseElement)  # noqa: S101 - all of ours are
        made: Any = statement.compile(dialect=dialect)
        names = list(made.positiontup) if made.positional else list(made.binds)
        converted = [(name, made.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names]
        self._made[dialect.name] = str(made), converted, bool(made.positional)
        return self._made[dialect.name]


class Writing:
    """An open write transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.driver: Any = connection.connection.dbapi_connection
        self._opened = False

    @property
    def _joined(self) -> bool:
        """Whether the session has been used: one that was only handed on has nothing to end."""
        return self._opened and self.session.in_transaction()

    @cached_property
    def session(self) -> Session:
        """Joined to this transaction when first used."""
        self._opened = True
        return Session(self.connection, expire_on_commit=False)

    def commit(self) -> None:
        if self._joined:
            self.session.commit()  # with what listens to commits
        self.driver.commit()

    def rollback(self) -> None:
        if self._joined:
            self.session.rollback()
        self.driver.rollback()

    def close(self) -> None:
        if self._opened and self.session.identity_map:
            self.session.close()
