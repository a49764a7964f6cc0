"""Bringing a database to this version, with what every installation needs in it."""

from datetime import datetime

from feedback_app.db import schema
from feedback_app.db.engine import Database
from feedback_app.services import backups, questionnaires, quiet_visits


def migrate(database: Database, now: datetime) -> None:
    """Tables to the newest version, presets installed. Safe to repeat."""
    schema.upgrade(database)
    with database.transaction() as session:
        questionnaires.install_presets(session, now)
        quiet_visits.install_presets(session, now)
        backups.remember_from_now(session, now)


def configure_mappings() -> None:
    """What the first query would otherwise do in every process anew."""
    schema.configure_mappings()


def is_empty(database: Database) -> bool:
    """Nothing in it at all: a wrong address, a disk that is not mounted, or a database that was never begun."""
    return schema.is_empty(database)


def is_current(database: Database) -> bool:
    return schema.is_at_head(database)
