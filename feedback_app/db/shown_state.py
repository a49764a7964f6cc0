"""A number that grows with every change to what patients' forms are made of, whichever process makes it.

A page made from these tables is good for as long as the number stays the same. It is read before the page is made, and
grows in the transaction of the change itself: nobody can see the change without the new number, or the other way round.
"""

import re
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Mapped, mapped_column

from feedback_app.db.base import Base

WATCHED = (
    "codes",
    "place_profiles",
    "question_rules",
    "questionnaire_versions",
    "quiet_rules",
    "service_points",
    "ticket_batches",
)
READ = "SELECT number FROM shown_state WHERE id = 1"
_GROW = (
    "INSERT INTO shown_state (id, number) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET number = shown_state.number + 1"
)
_WRITES = re.compile(rf'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(?:{"|".join(WATCHED)})\b', re.IGNORECASE)
_CHANGED = "shown_state_changed"


class ShownState(Base):
    __tablename__ = "shown_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column()


def watch(engine: Engine) -> None:
    """Let every transaction of this engine that writes to a watched table raise the number when it commits."""
    event.listen(engine, "before_cursor_execute", _note)
    event.listen(engine, "commit", _grow)
    event.listen(engine, "rollback", _forget)


def grow(connection: Connection) -> None:
    """Let the number grow with this transaction also where what changed stands in no watched table."""
    connection.info[_CHANGED] = True


def _note(connection: Connection, _cursor: Any, statement: str, *_others: Any) -> None:
    if _WRITES.match(statement):
        connection.info[_CHANGED] = True


def _grow(connection: Connection) -> None:
    if connection.info.pop(_CHANGED, False):
        connection.exec_driver_sql(_GROW)


def _forget(connection: Connection) -> None:
    if connection.invalidated:  # its server has gone, and what was noted of it
        return
    connection.info.pop(_CHANGED, None)
