"""One way to import any list, whatever its kind."""

from datetime import datetime

from sqlalchemy.orm import Session

from feedback_app.domain.directory_rows import Reading
from feedback_app.services import directory_import, duty_import
from feedback_app.services.directory_import import Preview, Progress
from feedback_app.services.vault import Vault


def plan(session: Session, kind: str, reading: Reading, *, create_departments: bool = False) -> Preview:
    """What importing would do. ``directory`` lists always create the departments they mention: they name no codes."""
    if kind == "duty":
        return duty_import.plan(session, reading)
    return directory_import.plan(session, reading, create_departments=create_departments or kind == "directory")


def apply(
    session: Session,
    vault: Vault,
    kind: str,
    reading: Reading,
    *,
    actor: str,
    now: datetime,
    create_departments: bool = False,
    skip_bad: bool = False,
    replace_missing: bool = False,
    progress: Progress = lambda _: None,
) -> Preview:
    """All of it or nothing. Raises Refused ``directory.rows_rejected`` when rows are wrong and not ``skip_bad``.

    ``replace_missing`` is for duty only: nobody else is ever removed by a list.
    """
    if kind == "duty":
        return duty_import.apply(
            session,
            reading,
            actor=actor,
            now=now,
            skip_bad=skip_bad,
            replace_missing=replace_missing,
            progress=progress,
        )
    return directory_import.apply(
        session,
        vault,
        reading,
        kind=kind,
        actor=actor,
        now=now,
        create_departments=create_departments or kind == "directory",
        skip_bad=skip_bad,
        progress=progress,
    )
