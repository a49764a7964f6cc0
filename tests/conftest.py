"""What all tests share: a configured runtime on a fresh database, at a time the test chooses."""

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.schema import metadata_is_complete
from feedback_app.services import codes, questionnaires, quiet_visits
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from feedback_app.web import health
from tests import postgres
from tests.browser import launch
from tests.people import directory

# A busy machine must not fail a test: nothing here asserts on time, hypothesis neither.
hypothesis_settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("ours")

expect.set_options(timeout=30_000)

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # Friday noon in Shanghai

SQLITE = "sqlite"

PHONE: Any = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36 MicroMessenger/8.0.50",
}


def settings_for(folder: Path, **sections: dict[str, Any]) -> Settings:
    """A complete configuration for tests; ``sections`` are merged over it, table by table."""
    tables: dict[str, dict[str, Any]] = {
        "hospital": {"name": "青山医院", "name_en": "Qingshan Hospital"},
        "server": {"base_url": "http://127.0.0.1:8000"},
        "database": {"url": chosen_database(folder)},
        "complaints": {
            "phone": "0571-8888 0120",
            "place": "门诊楼一楼 投诉接待室",
            "hours": "周一至周五 8:00–17:30",
            "routes": "院内协商、人民调解、卫生行政部门、法院",
        },
        "sandbox": {"clock_file": str(folder / "clock")},
        "security": {
            "secret_key": "a-secret-for-tests-only-0123456789abcdef",
            "hashing": "fast",
            "second_factor_days": 3650,
        },
    }
    for name, table in sections.items():
        tables[name] = {**tables.get(name, {}), **table}
    return Settings(**tables)  # type: ignore[arg-type]


def database_url(folder: Path, kind: str) -> str:
    """The database of this folder: a file in it, or one on a PostgreSQL server started for the tests."""
    return postgres.url_for(folder) if kind == postgres.KIND else f"sqlite:///{folder / 'stars.db'}"


def chosen_kind() -> str:
    """On which kind of database the tests run this time."""
    return postgres.KIND if postgres.is_wanted() else SQLITE


def chosen_database(folder: Path) -> str:
    return database_url(folder, chosen_kind())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """When everything that was opened in the test is closed."""
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    try:
        return (yield)
    finally:
        if folder is not None:
            postgres.drop_of(folder)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``@pytest.mark.both_databases``: the test runs on SQLite and on PostgreSQL, and fails where one cannot be had."""
    if metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database_kind", [SQLITE, postgres.KIND], indirect=True)


@pytest.fixture(autouse=True)
def _on_sqlite_where_it_says_why(request: pytest.FixtureRequest) -> None:
    """``@pytest.mark.sqlite_only("why")``: the test is about SQLite, and runs on it whatever the others run on."""
    if request.node.get_closest_marker("sqlite_only"):
        request.getfixturevalue("monkeypatch").setenv(postgres.CHOICE, SQLITE)


@pytest.fixture(autouse=True)
def _counts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks up ``serve`` in this process has it count in files from then on, as if it were a web process."""
    monkeypatch.delenv(health.SHARED, raising=False)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """sqlite | postgresql"""
    return str(getattr(request, "param", chosen_kind()))


@pytest.fixture
def settings(tmp_path: Path, database_kind: str) -> Settings:
    return settings_for(tmp_path, database={"url": database_url(tmp_path, database_kind)})


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    """Open, with all tables, the default question set and the small directory of ``tests.people``; the time is NOON."""
    clock.move(Path(settings.sandbox.clock_file), NOON)
    opened = Runtime.open(settings)
    metadata_is_complete()
    with opened.transaction() as session:
        Base.metadata.create_all(session.connection())
    with opened.transaction() as session:
        questionnaires.install_presets(session, NOON)
        quiet_visits.install_presets(session, NOON)
        session.add_all(directory(NOON))
    yield opened
    opened.close()


@pytest.fixture
def point(runtime: Runtime) -> Callable[[str], ServicePoint]:
    """Look up somebody of the small directory by key: ``point("D01")``."""

    def look_up(key: str) -> ServicePoint:
        with runtime.reading() as session:
            found = session.query(ServicePoint).filter_by(key=key).one()
            session.expunge(found)
            return found

    return look_up


@pytest.fixture
def app(runtime: Runtime) -> Iterator[Flask]:
    """The whole application over the same database as ``runtime``."""
    made = create_app(runtime.settings)
    made.testing = True
    yield made
    made.extensions["service_star"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The application on a real port of this machine; yields its address."""
    made = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real headless browser; the tests fail without one."""
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page of a phone inside WeChat: 390 x 844, touch, Chinese."""
    context = browser.new_context(**PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def old_phone(browser: Browser) -> Iterator[Page]:
    """The same phone with JavaScript switched off."""
    context = browser.new_context(**PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """A page of an office computer: 1440 x 900."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai")
    yield context.new_page()
    context.close()


@pytest.fixture
def code(runtime: Runtime) -> Callable[[str], str]:
    """The printed code of somebody of the small directory: ``code("D01")``."""

    def issue(key: str) -> str:
        with runtime.transaction() as session:
            point = session.query(ServicePoint).filter_by(key=key).one()
            return codes.issue(session, runtime.vault, point, runtime.now()).text or ""

    return issue
