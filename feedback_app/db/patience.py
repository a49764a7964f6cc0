"""How long a database server is waited for.

A server whose disk hangs, or that waits for a lock, takes a statement and does not answer; the network finds nothing wrong
with that. Its clients stop waiting by themselves, here, and not by ``statement_timeout``: that needs a server that still
works, does not get through a pooler, and would end the waiting of a COMMIT for a synchronous standby as if it had been heard.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

_GLANCE = 5.0
_REST = 0.5
"""Seconds in which nobody asks a server again that did not let anybody in."""
_ENDS_WITH_ITS_CLIENT = (
    "SELECT set_config('client_connection_check_interval', '5s', false), set_config('tcp_keepalives_idle', '10', false), "
    "set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)"
)
"""A statement that nobody waits for any more, and a machine that lost its power, must not hold locks for hours."""


class Door:
    """Where connections to one server come from.

    When somebody gave up waiting, one goes and asks for a new connection, and the others wait for what comes of it. When nobody
    was let in, one at a time goes on asking and the others are told at once: a process whose every thread waits for a server
    that is not there serves nothing else.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._asking = self._refused = False
        self._not_before = 0.0
        self._in_doubt = False
        self.is_silent = False
        """Whether somebody waited for an answer in vain since the last one was let in: connections that rest are not asked then.
        A server that refuses ("too many clients") answers, and what is open to it goes on."""

    def enter(self) -> bool:
        """Whether to try now. Whoever is let in says afterwards how it went (:meth:`tried`)."""
        with self._changed:
            if self._in_doubt and self._asking and not self._refused:
                self._changed.wait_for(lambda: not self._asking, _GLANCE)
            if self._in_doubt and (self._asking or self._clock() < self._not_before):
                return False
            self._asking = True
            return True

    def tried(self, *, failed: bool, in_vain: bool = False) -> None:
        """``in_vain``: nothing answered at all."""
        with self._changed:
            self._asking, self._in_doubt, self._refused = False, failed, failed
            self.is_silent = failed and (self.is_silent or in_vain)
            self._not_before = self._clock() + _REST if failed else 0.0
            self._changed.notify_all()

    def doubt(self) -> None:
        """It took something and did not answer."""
        with self._changed:
            self._in_doubt = self.is_silent = True


def glance(patience: float | None) -> float:
    """Seconds for a connection that rested to say that it is still there."""
    return min(_GLANCE, patience or _GLANCE)


def bound(engine: Engine, patience: float | None, *, own_sessions: bool) -> None:
    """No statement of this engine waits longer than ``patience`` seconds for the server's answer; None: as long as it takes.

    Whoever gave up has closed the connection; an answer to a COMMIT may then be lost, as with any connection that breaks.
    ``own_sessions``: nobody stands between that hands a session to others, so it may be given settings.
    """
    driver: Any = engine.dialect.dbapi
    door = Door()
    kind = _patient(driver, door)

    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        if not door.enter():
            raise driver.OperationalError("the server let nobody in a moment ago; somebody is asking it again")
        failed, in_vain = True, False
        try:
            made = kind.connect(*arguments, **options)
            made.limit = patience
            if own_sessions:
                _settle(driver, made)
            failed = False
        except driver.errors.ConnectionTimeout:
            in_vain = True
            raise
        finally:
            door.tried(failed=failed, in_vain=in_vain)
        return made

    def rests(connection: Any, *_: Any) -> None:
        if connection is not None:
            connection.limit, connection.rests = glance(patience), True

    def works(connection: Any, *_: Any) -> None:
        connection.limit, connection.rests = patience, False

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkin", rests)
    event.listen(engine, "checkout", works)  # after it has said that it is still there


def _settle(driver: Any, connection: Any) -> None:
    """A server on a system that cannot do it goes without."""
    connection.autocommit = True
    try:
        connection.execute(_ENDS_WITH_ITS_CLIENT, prepare=False)
    except driver.Error:
        if connection.closed:
            raise
    connection.autocommit = False


def _patient(driver: Any, door: Door) -> Any:
    """psycopg's connection with a limit for each wait. Made here because installations on SQLite have no psycopg."""
    active = driver.pq.TransactionStatus.ACTIVE

    class Patient(driver.Connection):  # type: ignore[misc]
        limit: float | None = None
        rests = False  # whether it is only asked if it is still there

        def wait(self, gen: Any, *interval: Any, timeout: float | None = None, **others: Any) -> Any:
            if self.rests and door.is_silent:
                self.close()
                raise driver.OperationalError("another connection to this server got no answer a moment ago")
            try:
                return super().wait(gen, *interval, timeout=self.limit if timeout is None else timeout, **others)
            except driver.OperationalError:
                if not self.closed and self.info.transaction_status == active:
                    self.close()  # nobody knows what it does next
                    door.doubt()
                raise

    return Patient
