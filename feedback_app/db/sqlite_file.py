"""How a SQLite file is opened, and how its transactions begin."""

from typing import Any

from sqlalchemy import Connection

from feedback_app.db.same_file import SameFile

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA wal_autocheckpoint=8000",  # pages: where `work` runs, little is left to do for whoever comes so far (``settle``)
)


def never_create(file: SameFile, *_: object) -> None:
    """SQLite would make an empty file where there is none."""
    file.must_exist()


def configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in _PRAGMAS:
        cursor.execute(setting)
    cursor.close()


def begin(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    if driver.in_transaction:  # begun by ``writing``, joined by a session
        return
    writing = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
