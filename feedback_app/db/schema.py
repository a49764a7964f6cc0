"""All tables, imported once so that the metadata is complete; and the migrations that make them."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate.rewriter import Rewriter
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations.ops import MigrationScript
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.orm import configure_mappers

from feedback_app import registry
from feedback_app.db import tally_marks
from feedback_app.db.base import Base
from feedback_app.db.engine import Database
from feedback_app.errors import Refused

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADING = 0x73746172_75706772  # one number for one lock


def metadata_is_complete() -> None:
    """Import every module of this package, so that ``Base.metadata`` knows all tables."""
    import feedback_app.db as package  # noqa: PLC0415 - the package itself, to look inside

    list(registry.discover(package))


def configure_mappings() -> None:
    """Work out all mappings now instead of at the first query: for a process that others are forked from."""
    metadata_is_complete()
    configure_mappers()


def _config(connection: Connection | None = None, migrations: Path = MIGRATIONS) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head", migrations: Path = MIGRATIONS) -> None:
    """Bring the database to this version, or to an older ``revision``. Safe to call again, and by several processes at once.

    All of it is one transaction: whoever is killed half-way leaves the database as it was. Raises Refused ``database.newer``.
    """
    with database.rebuilding() as connection:
        _one_after_the_other(connection)
        try:
            command.upgrade(_config(connection, migrations), revision)
        except CommandError as error:
            if isinstance(error.__cause__, ResolutionError):  # it names a migration that is not here
                raise Refused("database.newer") from error
            raise
        tally_marks.make_triggers_anew(connection)  # SQLite drops them with a table that is rebuilt


def _one_after_the_other(connection: Connection) -> None:
    """On a server two may begin at once, and the second would make what the first has made."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))


def is_at_head(database: Database) -> bool:
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(ScriptDirectory.from_config(_config()).get_heads())


def is_empty(database: Database) -> bool:
    """Whether there is no table at all. Raises Unavailable ``database.unavailable``."""
    with database.said_plainly():
        return not inspect(database.engine).get_table_names()


def make_revision(database: Database, revision: str, message: str, complete: Rewriter) -> None:
    """For developers: write a new migration from the difference between tables and models, if there is one.

    ``complete`` works over the steps before they are written.
    """

    def only_differences(context: MigrationContext, heads: Any, found: list[MigrationScript]) -> None:
        complete(context, heads, found)
        if all(steps.is_empty() for steps in found[0].upgrade_ops_list) and not _by_hand(revision):
            found.clear()

    with database.transaction() as session:
        command.revision(
            _config(session.connection()),
            message=message,
            rev_id=revision,
            autogenerate=True,
            process_revision_directives=only_differences,
        )


def _by_hand(revision: str) -> bool:
    return any((MIGRATIONS / "by_hand").glob(f"after_{revision}_*.py"))


__all__ = ["Base", "is_at_head", "is_empty", "make_revision", "metadata_is_complete", "upgrade"]
