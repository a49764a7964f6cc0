"""Whose turn it is to write to a SQLite file.

Its own lock waiting is unfair and starves (measured in docs/performance.md), so writers first queue on a thread lock and then on
an advisory file lock.
"""

import fcntl
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class WriteQueue:
    """Writers of one SQLite file, in all threads and processes, one after the other."""

    def __init__(self, lock_file: Path) -> None:
        self._path = lock_file
        self._file, self._process = -1, 0
        self._threads = threading.Lock()
        self._holder: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and hold it. Raises RuntimeError when this thread already holds it."""
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError("a transaction is already open in this thread: entry points own transactions")
        with self._threads:
            lock = self._own_file()
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._holder = me
            try:
                yield
            finally:
                self._holder = None
                fcntl.flock(lock, fcntl.LOCK_UN)

    def forget(self) -> None:
        """Open the file of this name anew the next time: the one that is open may have been moved away."""
        self._process = 0

    def _own_file(self) -> int:
        """Kept open, one a process: a lock taken through a file that was open before a fork would be the parent's, too."""
        if self._process != os.getpid():
            self._file, self._process = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), os.getpid()
            weakref.finalize(self, os.close, self._file)
        return self._file
