"""``service-star sandbox`` as a process."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from werkzeug.test import Client

from bots.sandbox.client import SandboxClient
from feedback_app.cli.sandbox import open_server
from feedback_app.services import codes, schema
from feedback_app.services.runtime import opened
from tests.bots.sandbox.product import sandbox_settings
from tests.conftest import NOON
from tests.people import directory

CONFIG = """
[hospital]
name = "青山医院"
[complaints]
phone = "0571-8888 0120"
place = "门诊楼一楼"
hours = "周一至周五"
routes = "院内协商"
[security]
secret_key = "a-secret-for-tests-only-0123456789abcdef"
[sandbox]
enabled = {enabled}
"""


def start(folder: Path, enabled: str, *options: str) -> subprocess.Popen[str]:
    config = folder / "config.toml"
    config.write_text(CONFIG.format(enabled=enabled), "utf-8")
    command = [
        sys.executable,
        "-m",
        "feedback_app.cli.main",
        "--config",
        str(config),
        "sandbox",
        "--port",
        "0",
        *options,
    ]
    surroundings = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=surroundings)


@pytest.mark.journey
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(tmp_path: Path, sign: signal.Signals) -> None:
    with start(tmp_path, "true") as process:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found
        with SandboxClient(found[0]) as phones:
            assert phones.counts().calls == {}
        process.send_signal(sign)
        assert process.wait(10) == 0
        assert "sandbox stopped" in process.stderr.read()


def test_it_knows_the_hospitals_codes_and_colleagues(tmp_path: Path) -> None:
    with opened(sandbox_settings(tmp_path)) as runtime:
        served = open_server(runtime, 0, None)
        served.server_close()
        page = Client(served.app)
        assert "没有找到成员" in page.get("/phone/staff").get_data(as_text=True)  # no database yet
        schema.migrate(runtime.database, NOON)
        with runtime.transaction() as session:
            points = directory(NOON)
            session.add_all(points)
            session.flush()
            codes.issue_all(session, runtime.vault, points, NOON)
        served = open_server(runtime, 0, None)
        served.server_close()
        page = Client(served.app)
        scanner = page.get("/phone/scan?q=张伟").get_data(as_text=True)
        assert "张伟" in scanner and f"{runtime.settings.server.base_url}/s/" in scanner
        assert "孙丽" in page.get("/phone/staff").get_data(as_text=True)


@pytest.mark.journey
def test_it_refuses_where_it_is_not_enabled(tmp_path: Path) -> None:
    with start(tmp_path, "false") as process:
        assert process.wait(20) == 2
        assert process.stderr is not None
        assert "enabled = true" in process.stderr.read()


@pytest.mark.journey
def test_a_wrong_faults_file_is_named(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[fault]]\nkind = "earthquake"\n')
    with start(tmp_path, "true", "--faults", str(faults)) as process:
        assert process.wait(20) == 2
        assert process.stderr is not None
        assert "earthquake" in process.stderr.read()
