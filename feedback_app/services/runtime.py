"""Everything a door needs, opened once per process: configuration, database, clock, keys."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app import clock as clocks
from feedback_app.db.engine import Database
from feedback_app.db.writing import Writing
from feedback_app.services import vault
from feedback_app.services.vault import Vault
from feedback_app.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    database: Database
    clock: clocks.Clock
    vault: Vault

    @classmethod
    def open(cls, settings: Settings, patience: float | None = None, *, create: bool = True) -> "Runtime":
        """``patience``: seconds a database server may take for one answer; None: as long as it takes.

        ``create``: a database file that is not there is made, empty.
        """
        clock_file, chosen = settings.sandbox.clock_file, settings.database
        return cls(
            settings=settings,
            database=Database(
                chosen.url, prepared_statements=chosen.prepared_statements, patience=patience, create=create
            ),
            clock=clocks.file_clock(Path(clock_file)) if clock_file else clocks.system_clock,
            vault=Vault(settings.security.secret_key.get_secret_value()),
        )

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.hospital.zone

    def now(self) -> datetime:
        return self.clock()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of writing; the only way doors change anything."""
        with self.database.transaction() as session:
            yield vault.travel(session, self.vault)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One unit of writing where the session is only made when asked for: ``writing.session``."""
        with self.database.writing() as unit:
            yield vault.travel(unit, self.vault)

    def together(self, work: Callable[[Writing], T]) -> T:
        """One unit of writing that may share its COMMIT with others; ``work`` may run in another thread of this process."""
        return self.database.together(lambda unit: work(vault.travel(unit, self.vault)))

    def session_of(self, unit: Writing) -> Session:
        """The session of this unit, with the vault."""
        return unit.session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.database.reading() as session:
            yield vault.travel(session, self.vault)

    def close(self) -> None:
        self.database.close()


@contextmanager
def opened(settings: Settings, patience: float | None = None, *, create: bool = True) -> Iterator[Runtime]:
    """For commands: open, and close at the end."""
    runtime = Runtime.open(settings, patience, create=create)
    try:
        yield runtime
    finally:
        runtime.close()
