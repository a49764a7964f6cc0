"""All tables, imported once so that the metadata is complete; and the migrations that make them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from feedback_app import registry
from feedback_app.db.base import Base
from feedback_app.db.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def metadata_is_complete() -> None:
    """Import every module of this package, so that ``Base.metadata`` knows all tables."""
    import feedback_app.db as package  # noqa: PLC0415 - the package itself, to look inside

    list(registry.discover(package))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Bring the database to this version. Safe to call again, and by several processes at once."""
    with database.transaction() as session:
        command.upgrade(_config(session.connection()), "head")


def is_at_head(database: Database) -> bool:
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(ScriptDirectory.from_config(_config()).get_heads())


def make_revision(database: Database, message: str) -> None:
    """For developers: write a new migration from the difference between tables and models."""
    with database.transaction() as session:
        command.revision(_config(session.connection()), message=message, autogenerate=True)


__all__ = ["Base", "is_at_head", "make_revision", "metadata_is_complete", "upgrade"]
