"""Somebody with the database in their hands, who goes past everything of ours: plain SQL on either kind of database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, inspect

from feedback_app.db.engine import Database


class Intruder:
    """Speaks SQL with ``?`` for values."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(self, statement: str, values: Sequence[object] = ()) -> CursorResult[Any]:
        if self.connection.dialect.name == "postgresql":
            statement = statement.replace("%", "%%").replace("?", "%s")
        return self.connection.exec_driver_sql(statement, tuple(values))

    def columns(self, table: str) -> list[str]:
        return [str(one["name"]) for one in inspect(self.connection).get_columns(table)]


@contextmanager
def intruder(database: Database, *, leaves_it: bool = True) -> Iterator[Intruder]:
    """One unit of tampering, without keys between tables and without triggers; undone at the end unless ``leaves_it``."""
    with database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        if database.is_sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin() as work:
                if not database.is_sqlite:
                    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                yield Intruder(connection)
                if not leaves_it:
                    work.rollback()
        finally:
            if database.is_sqlite:
                driver.execute("PRAGMA foreign_keys=ON")
