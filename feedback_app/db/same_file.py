"""The file of a SQLite database is the one that was opened: whoever moves or deletes it is noticed before anybody is thanked.

An open file lives on without its name. What is written to it then is lost with the last process, and a new file of the
same name would be empty: both look like a database that works.
"""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path


class SameFile:
    """``path``: where the database is. One look is one ``stat``, a few microseconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._now()
        self._lock = threading.Lock()

    def must_be_there(self, begin_anew: Callable[[], None]) -> tuple[int, int]:
        """Which file it is. When another one has taken its place since the last look, nobody goes on before ``begin_anew`` has
        given up everything that belongs to the old one. Raises sqlite3.OperationalError when there is none.
        """
        now = self.must_exist()
        if now != self._seen:
            with self._lock:
                if now != self._seen:
                    if self._seen is not None:
                        begin_anew()
                    self._seen = now
        return now

    def must_exist(self) -> tuple[int, int]:
        """Its device and number. Raises sqlite3.OperationalError."""
        now = self._now()
        if now is None:
            raise sqlite3.OperationalError(f"there is no file {self._path}")
        return now

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino
