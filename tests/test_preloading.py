"""The web application is made once and then forked: nothing it holds by then may belong to one process alone."""

import threading

import pytest

from feedback_app.app import create_app
from feedback_app.services.runtime import Runtime


@pytest.mark.both_databases
def test_an_application_that_is_only_made_has_no_connection_and_no_thread(runtime: Runtime) -> None:
    before = set(threading.enumerate())
    made: Runtime = create_app(runtime.settings).extensions["service_star"]
    pool = made.database.engine.pool
    assert "Connections in pool: 0" in pool.status() and "checked out connections: 0" in pool.status().lower()
    assert not made.database._glances and not made.database._kept
    assert set(threading.enumerate()) == before
    made.close()
