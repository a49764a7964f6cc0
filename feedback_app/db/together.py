"""Group commit: whoever waits for the one writer of a SQLite file at the same moment is committed by one flush to the disk.

There is no thread of its own and no delay. A request that finds nobody writing in its process writes at once, alone; those
that come while it does put their work down, and the first of them does the work of all when it is its turn. Each piece of
work is a savepoint of its own: what one refuses or fails at is undone alone, and each gets its own answer or error. Nobody
is answered before the COMMIT.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

MOST = 100
"""Pieces of work in one transaction: others wait for its end."""


class Piece:
    """Something to do in a transaction, its result or error, and whoever waits for it."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self.work = work
        self.value: Any = None
        self.error: BaseException | None = None
        self.is_done = False
        self._called = threading.Lock()
        self._called.acquire()

    def call(self) -> None:
        """It is done, or it is its turn to lead."""
        self._called.release()

    def wait(self) -> None:
        self._called.acquire()

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class Group:
    """Of one process. ``write(take)`` opens a transaction, takes the pieces with ``take()``, does them and commits."""

    def __init__(self, write: Callable[[Callable[[], list[Piece]]], None]) -> None:
        self._write = write
        self._waiting: deque[Piece] = deque()
        self._busy = False
        self._mutex = threading.Lock()

    def do(self, work: Callable[[Any], Any]) -> Any:
        """What ``work`` returns, once that is on the disk; what it raises, undone."""
        piece = Piece(work)
        with self._mutex:
            self._waiting.append(piece)
            leads, self._busy = not self._busy, True
        if not leads:
            piece.wait()
        if not piece.is_done:
            self._lead()
        return piece.result()

    def _lead(self) -> None:
        """Write for all that wait, my own piece first; then the next one leads."""
        taken: list[Piece] = []

        def take() -> list[Piece]:
            with self._mutex:
                taken.extend(self._waiting.popleft() for _ in range(min(MOST, len(self._waiting))))
            return taken

        try:
            self._write(take)
        except BaseException as error:
            if not taken:  # it never came to the others: they try for themselves
                with self._mutex:
                    taken.append(self._waiting.popleft())
            for piece in taken:
                piece.error, piece.value = error, None
        finally:
            for piece in taken[1:]:
                piece.is_done = True
                piece.call()
            taken[0].is_done = True
            with self._mutex:
                if self._waiting:
                    self._waiting[0].call()
                else:
                    self._busy = False
