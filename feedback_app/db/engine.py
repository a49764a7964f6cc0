"""The connection to the database: one engine, write transactions that queue, read transactions that do not.

SQLite runs in WAL mode with synchronous FULL: what is committed survives a power cut. Its own lock waiting is unfair and
starves (measured in docs/performance.md), so writers first queue on a thread lock and then on an advisory file lock, and
every write transaction starts with BEGIN IMMEDIATE: "database is locked" cannot happen by upgrading a read.

PostgreSQL lets writers run side by side. Where one must see what the other has done before it goes on (the next number of a
chain, the first of two equal submissions, the end of a month), both call :func:`lock` first.
"""

import hashlib
import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from feedback_app.db import patience as waiting
from feedback_app.db import shown_state, sqlite_file
from feedback_app.db.same_file import SameFile
from feedback_app.db.together import Group, Piece
from feedback_app.db.write_queue import WriteQueue
from feedback_app.db.writing import Unit, Writing
from feedback_app.errors import Refused, Unavailable

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Database:
    """An open database. ``transaction()`` to write, ``reading()`` to look.

    ``prepared_statements``: False behind a pooler that hands each transaction to another connection (pgbouncer).
    ``patience``: seconds a server may take for one answer (``db.patience``); None: as long as it takes.
    ``create``: a SQLite file that is not there is made; else it is missed until it is there (a disk that is not mounted).
    """

    def __init__(
        self, url: str, *, prepared_statements: bool = True, patience: float | None = None, create: bool = True
    ) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._queue: WriteQueue | None = None
        self._file: SameFile | None = None
        self._patience = patience
        if self.is_sqlite:
            path = Path(self.url.database or "")
            if not path.name or path.name == ":memory:":
                raise ValueError("the database must be a file: several processes share it")
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600, exist_ok=True)  # for nobody else on this machine; SQLite gives its -wal the same
            self._file = file = SameFile(path)
            self._queue = WriteQueue(path.with_name(path.name + ".queue"))
        self.engine: Engine = create_engine(
            self.url,
            pool_pre_ping=not self.is_sqlite,
            pool_timeout=patience or _POOL_SECONDS,
            hide_parameters=True,  # else an error in the log quotes what a patient wrote
            connect_args={**self.connect_options(), **({} if prepared_statements or self.is_sqlite else _UNPREPARED)},
        )
        if self.is_sqlite:
            event.listen(self.engine, "do_connect", partial(sqlite_file.never_create, file))
            event.listen(self.engine, "connect", sqlite_file.configure)
            event.listen(self.engine, "begin", sqlite_file.begin)
        else:
            waiting.bound(self.engine, patience, own_sessions=prepared_statements)
        driver: Any = self.engine.dialect.dbapi
        self._unusable = (OperationalError, InterfaceError, NoneFree, driver.OperationalError, driver.InterfaceError)
        self._unfit = (DataError, driver.DataError)
        shown_state.watch(self.engine)
        self._writer = self.engine.execution_options(write=True)
        self._own = threading.local()
        self._age = 0  # how often all connections were given up; those of another age are not used
        self._glances: list[tuple[int, Any]] = []  # with the age in which each was opened
        self._kept: list[Connection] = []
        self._group = Group(self._write_together)
        self._grouped: tuple[int, int, Connection] | None = None  # process, age, and whoever leads writes with it
        weakref.finalize(self, _release, self.engine, self._glances, self._kept)  # also when nobody closes it

    def connect_options(self) -> dict[str, int]:
        """How a server is given up, where the address of the database does not say otherwise."""
        return (
            {} if self.is_sqlite else {name: value for name, value in _GONE_AFTER.items() if name not in self.url.query}
        )

    @contextmanager
    def said_plainly(self) -> Iterator[None]:
        """A full disk, a database that is down: nothing was stored, and whoever asked is told so.

        Raises Unavailable ``database.unavailable`` instead of the driver's own error, which goes to the log; and Refused
        ``database.does_not_fit`` for what no column can hold, such as a NUL in a text on PostgreSQL.
        """
        try:
            yield
        except self._unusable as error:
            _log.error("the database cannot be used: %s", getattr(error, "orig", error))
            raise Unavailable("database.unavailable") from error
        except self._unfit as error:
            raise Refused("database.does_not_fit") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the one writer of a SQLite file; on a server only see to it that nobody opens one inside another."""
        if self._queue is not None:
            self._same_file()
            with self._queue.turn():
                began = self._same_file()  # waiting may have taken long
                yield
                if self._same_file() != began:
                    raise sqlite3.OperationalError("another file took the place of the one that was written to")
            return
        if getattr(self._own, "writes", False):
            raise RuntimeError("a transaction is already open in this thread: entry points own transactions")
        self._own.writes = True
        try:
            yield
        finally:
            self._own.writes = False

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One all-or-nothing unit of writing; committed (and on disk) when the block ends without an error."""
        with (
            self.said_plainly(),
            self._turn(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """A transaction that may drop tables and make them anew: references must hold at its end, not at each step.

        Raises RuntimeError, and undoes everything, when a row points to one that is not there.
        """
        with self.said_plainly(), self._turn(), self._writer.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            if self.is_sqlite:
                driver.execute("PRAGMA foreign_keys=OFF")  # dropping a table would delete its rows first
            try:
                with connection.begin():
                    yield connection
                    if self.is_sqlite and (lost := driver.execute("PRAGMA foreign_key_check").fetchone()):
                        raise RuntimeError(f"a row of {lost[0]} points to one of {lost[2]} that is not there")
            finally:
                if self.is_sqlite:
                    driver.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """The same unit of writing as :meth:`transaction`, for ``db.writing``: the session is only made when asked for."""
        with self.said_plainly(), self._turn(), self._kept_connection() as connection:
            writing = Writing(connection)
            if self.is_sqlite:
                writing.driver.execute("BEGIN IMMEDIATE")
            try:
                yield writing
                writing.commit()
            except BaseException:
                _undo(writing)
                raise
            finally:
                writing.close()

    def together(self, work: Callable[[Writing], T]) -> T:
        """What ``work`` does is written, alone or with what others want to write now; all or nothing of it, and on the disk.

        ``work`` may run in another thread of this process: it takes along what it needs.
        """
        if self.is_sqlite:
            result: T = self._group.do(work)
            return result
        with self.writing() as unit:  # the server groups commits itself
            return work(unit)

    def _write_together(self, take: Callable[[], list[Piece]]) -> None:
        with self.said_plainly(), self._turn():
            connection = self._group_connection()
            driver: Any = connection.connection.dbapi_connection
            driver.execute("BEGIN IMMEDIATE")
            try:
                for piece in take():
                    self._do_piece(connection, driver, piece)
                if connection.in_transaction():
                    connection.commit()  # with what listens to commits
                else:
                    driver.commit()
            except BaseException:
                connection.rollback()
                driver.rollback()
                raise

    def _do_piece(self, connection: Connection, driver: Any, piece: Piece) -> None:
        """One piece of a group, undone alone when it fails. Raises when there is no transaction left to go on with."""
        unit = Writing(connection, within=True)
        driver.execute("SAVEPOINT piece")
        try:
            with self.said_plainly():
                piece.value = piece.work(unit)
                unit.settle()
        except BaseException as error:
            if not driver.in_transaction:  # a full disk ends all of it
                raise
            unit.give_up()
            driver.execute("ROLLBACK TO piece")
            piece.error = error
        finally:
            unit.close()
        driver.execute("RELEASE piece")

    def _group_connection(self) -> Connection:
        """One for each process, used by whoever leads."""
        grouped, mine = self._grouped, (os.getpid(), self._age)
        if grouped is None or grouped[:2] != mine:
            connection = self._writer.connect()
            connection.detach()
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA cache_size=-16000")  # KB: the ends of the indexes that ratings are written to
            self._kept.append(connection)
            self._grouped = grouped = (*mine, connection)
        return grouped[2]

    def _kept_connection(self) -> AbstractContextManager[Connection]:
        """On SQLite one that each thread keeps; a server's connection may die, so the pool hands out those and looks."""
        if not self.is_sqlite:
            return self._writer.connect()
        age = self._age
        opened, kept = getattr(self._own, "writer", (None, None))
        if kept is None or opened != age:
            kept = self._writer.connect()
            kept.detach()
            self._kept.append(kept)
            self._own.writer = age, kept
        return nullcontext(kept)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view that never waits for writers. Changes made to its objects are thrown away."""
        with self.said_plainly():
            self._same_file()
            with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
                yield session

    def shown_state(self) -> int:
        """The number of ``db.shown_state``: a glance on a connection that rests between glances, a few microseconds."""
        with self.said_plainly():
            self._same_file()
            try:
                return self._look_at_state()
            except self._unusable:  # its server may have gone and another taken its place: so have those that rest
                self._resting(_NO_AGE)
                return self._look_at_state()

    def _look_at_state(self) -> int:
        with self._rested() as connection:
            cursor = connection.cursor()
            cursor.execute(shown_state.READ)
            row = cursor.fetchone()
            cursor.close()
        return int(row[0]) if row else 0

    @contextmanager
    def _rested(self) -> Iterator[Any]:
        """A driver's connection for one glance: there are only as many as have looked at the same moment, however many threads
        have come and gone.
        """
        age = self._age
        connection = self._resting(age) or self._new_glance()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._glances.append((age, connection))

    def _resting(self, age: int) -> Any:
        """One that was opened since all were given up last; older ones are closed."""
        while True:
            try:
                opened, connection = self._glances.pop()
            except IndexError:
                return None
            if opened == age:
                return connection
            connection.close()

    def _new_glance(self) -> Any:
        pooled = self.engine.raw_connection()
        connection: Any = pooled.dbapi_connection
        pooled.detach()
        if not self.is_sqlite:
            connection.autocommit, connection.limit, connection.rests = True, waiting.glance(self._patience), True
        return connection

    def settle(self) -> None:
        """SQLite: bring the write-ahead log into the file beside the writers, so that none of them must stop to do it."""
        if self.is_sqlite:
            with self._rested() as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def is_answering(self) -> bool:
        """Whether a trivial question gets an answer. Raises Unavailable ``database.unavailable``."""
        with self.said_plainly():
            self._same_file()
            with self.engine.connect() as connection:
                return connection.execute(text("SELECT 1")).scalar() == 1

    def takes_writers(self, seconds: float) -> bool:
        """False when another program keeps the SQLite file locked for so long. Waits for nobody's turn, and writes nothing."""
        if self._file is None:
            return True
        with self.said_plainly():
            self._same_file()
            with closing(sqlite3.connect(self.url.database or "", timeout=seconds)) as connection:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                        return False
                    raise
                connection.rollback()
        return True

    def _same_file(self) -> tuple[int, int] | None:
        """Go on with the file that is there now; what is open on one that was moved away is left to end by itself.

        Raises sqlite3.OperationalError when none is there.
        """
        return None if self._file is None else self._file.must_be_there(self._leave_the_old_file)

    def _leave_the_old_file(self) -> None:
        _log.error("another file is now in the place of the database: it is used from here on")
        self.engine.dispose()  # first: what is opened from here on is opened on the new file
        self._begin_anew()
        self._glances.clear()
        self._kept.clear()
        if self._queue is not None:
            self._queue.forget()

    def close(self) -> None:
        _release(self.engine, self._glances, self._kept)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._grouped = None
        self._age += 1
        self._own = threading.local()


def _release(engine: Engine, glances: list[tuple[int, Any]], kept: list[Connection]) -> None:
    for connection in (*(one for _, one in glances), *kept):
        connection.close()
    glances.clear()
    kept.clear()
    engine.dispose()


def _undo(writing: Writing) -> None:
    """Undo it, also where the server has gone: then it has undone it, and its connection is of no more use."""
    try:
        writing.rollback()
    except Exception:
        writing.connection.invalidate()


def lock(unit: Unit, name: str, *, shared: bool = False) -> None:
    """Wait until no other transaction holds ``name``, and hold it until this one ends. What others committed is then seen.

    ``shared``: any number may hold it so at once, but none while somebody holds it alone. On SQLite there is nothing to do:
    its writers come one after the other anyway. To avoid that two wait for each other, take the audit chain's lock last.
    """
    bind = unit.connection if isinstance(unit, Writing) else unit.get_bind()
    if bind.dialect.name != "postgresql":
        return
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    if isinstance(unit, Writing):
        unit.driver.execute(_TAKE[shared], (key,))
    else:
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        unit.execute(select(take(key)))


_GONE_AFTER = {
    "connect_timeout": 3,  # seconds
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8000,  # milliseconds
}
"""A machine that loses its power refuses nothing and answers nothing. Left to itself, the network stack asks it for a quarter
of an hour, and so long every thread that was talking to it would wait."""
_POOL_SECONDS = 30.0
_NO_AGE = -1  # in which nothing was opened: whatever rests is closed
_UNPREPARED: dict[str, int | None] = {"prepare_threshold": None}
_TAKE = ("SELECT pg_advisory_xact_lock(%s)", "SELECT pg_advisory_xact_lock_shared(%s)")
