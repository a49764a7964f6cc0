"""Starting and keeping: migrate (more commands of operation live here)."""

import click

from feedback_app.cli._common import Session, say
from feedback_app.services import schema


@click.command(epilog="Example: service-star migrate")
@click.pass_obj
def migrate(session: Session) -> None:
    """Bring the database to this version."""
    with session.runtime() as runtime:
        schema.migrate(runtime.database, runtime.now())
        say("database is up to date")


COMMANDS = [migrate]
