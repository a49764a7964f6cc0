"""The glance at what patients see: as many connections as look at once, not as many as there were threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from feedback_app.db.engine import Database
from feedback_app.services.runtime import Runtime
from tests import postgres

pytestmark = pytest.mark.both_databases


def resting(database: Database) -> int:
    return len(database._glances)


def test_threads_that_come_and_go_leave_one_connection(runtime: Runtime) -> None:
    for _ in range(30):
        thread = Thread(target=runtime.database.shown_state)
        thread.start()
        thread.join()
    assert resting(runtime.database) == 1


def test_those_who_look_at_once_each_have_one_and_share_them_afterwards(runtime: Runtime) -> None:
    at_once = Barrier(4)

    def look(_: int) -> int:
        with runtime.database._rested():
            at_once.wait()
        return runtime.database.shown_state()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(look, range(4)))) == 1
    assert resting(runtime.database) == 4
    runtime.database.close()
    assert resting(runtime.database) == 0


def test_connections_that_died_while_they_rested_are_replaced(runtime: Runtime, database_kind: str) -> None:
    before = runtime.database.shown_state()
    if database_kind == postgres.KIND:
        with runtime.database.engine.connect() as connection:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(text(ended))
    else:
        for _, one in runtime.database._glances:
            one.set_progress_handler(lambda: 1, 1)  # whatever it is asked fails
    assert runtime.database.shown_state() == before
    assert resting(runtime.database) == 1
