"""A database server that is not there, from the first moment on: every door says so calmly, and what to do."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedback_app import jobs
from feedback_app.app import create_app
from feedback_app.cli.main import main
from feedback_app.errors import Unavailable
from feedback_app.jobs.running import Outage
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.bots.doubles import closed_port
from tests.conftest import settings_for
from tests.waiting import until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, database={"url": f"postgresql://nobody@127.0.0.1:{closed_port()}/gone"})


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    opened = Runtime.open(settings)
    yield opened
    opened.close()


def test_pages_are_calm_and_operators_see_it(settings: Settings) -> None:
    app = create_app(settings)
    client = app.test_client()
    page = client.get("/feedback")
    assert page.status_code in {200, 503}
    kept = client.post("/feedback", data={"key": "k" * 24, "text": "等了两个小时"})
    assert kept.status_code == 503 and "等了两个小时" in kept.text and "再送一次" in kept.text
    shut = client.get("/stars/")
    assert shut.status_code == 503 and "过几分钟再打开" in shut.text and "没有收下" not in shut.text
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    told = client.get("/metrics")
    assert told.status_code == 200 and "service_star_database_up 0.0" in told.text
    app.extensions["service_star"].close()


def test_commands_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[hospital]\nname = "青山医院"\n[database]\nurl = "postgresql://nobody@127.0.0.1:{closed_port()}/gone"\n'
        '[complaints]\nphone = "0571"\nplace = "一楼"\nhours = "8-17"\nroutes = "法院"\n'
        '[security]\nsecret_key = "a-secret-for-tests-0123456789-0123456789"\n',
        "utf-8",
    )
    for words in (["verify"], ["backup", str(tmp_path / "a.backup")], ["drill"], ["migrate"], ["codes", "list"]):
        monkeypatch.setattr(sys, "argv", ["service-star", "--config", str(config), *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr().err
        assert ended.value.code == 1, words
        assert "数据库用不了" in said and "database-down.md" in said and "Traceback" not in said, words
    assert not list(tmp_path.glob("a.backup*"))
    monkeypatch.setattr(sys, "argv", ["service-star", "--config", str(config), "check"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "refused" in capsys.readouterr().out.split("database: 数据库用不了", 1)[1].splitlines()[0]


def test_a_worker_waits_says_so_once_and_ends_when_told(
    runtime: Runtime, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    stop = threading.Event()
    working = threading.Thread(target=jobs.run_worker, args=(runtime, {}, stop), daemon=True)
    with caplog.at_level(logging.WARNING):
        working.start()
        try:
            until(lambda: "nothing is done until the database" in caplog.text, "the worker notices", tmp_path)
        finally:
            stop.set()
            working.join(60)
    assert not working.is_alive()
    assert caplog.text.count("nothing is done until the database") == 1
    assert "Traceback" not in caplog.text


def test_an_outage_is_asked_about_now_and_then_and_ends_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    now, down, tried = [0.0], [True], []

    def job() -> None:
        tried.append(now[0])
        if down[0]:
            raise Unavailable("database.unavailable")

    calm = Outage(patience=5.0, clock=lambda: now[0]).around(job)
    for second in (0, 1, 4, 5, 6, 10, 11):
        now[0], down[0] = float(second), second < 10
        calm()
    assert tried == [0, 5, 10, 11]
    assert [one.levelname for one in caplog.records] == ["ERROR", "WARNING"]


def test_what_a_server_that_says_nothing_may_cost_is_bounded(tmp_path: Path) -> None:
    """The network stack alone would ask a machine without power for a quarter of an hour."""
    opened = Runtime.open(
        settings_for(tmp_path, database={"url": "postgresql://a@10.0.0.1,10.0.0.2/b?tcp_user_timeout=3000"})
    )
    told = opened.database.connect_options()
    assert told["keepalives_idle"] and told["connect_timeout"] and "tcp_user_timeout" not in told  # the address says it
    opened.close()
