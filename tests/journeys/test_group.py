"""Three hospitals, two web processes and a worker from one folder of configurations: `service-star --config FOLDER serve`."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from feedback_app import clock, settings
from feedback_app.db.directory import ServicePoint
from feedback_app.services import codes, evidence, schema
from feedback_app.services.runtime import Runtime
from tests.journeys.conftest import HOST, ROOT, START, free_ports, tables_for, toml
from tests.people import directory
from tests.waiting import until

pytestmark = pytest.mark.journey
HOSTS = {"jia": "127.0.0.11", "yi": "127.0.0.12", "bing": "127.0.0.13"}


def configured(folder: Path, name: str, port: int) -> Runtime:
    home = folder.parent / name
    home.mkdir()
    clock.move(home / "clock", START)
    tables = tables_for(home, port, port)
    tables["hospital"]["name"] = f"{name}医院"
    tables["server"]["base_url"] = f"http://{HOSTS[name]}:{port}"
    tables["security"]["secret_key"] = f"a-secret-for-journeys-of-{name}-0123456789abcdef"
    tables = {key: table for key, table in tables.items() if not key.startswith(("wechat", "wecom"))}
    (folder / f"{name}.toml").write_text(toml(tables), "utf-8")
    runtime = Runtime.open(settings.load(folder / f"{name}.toml"))
    schema.migrate(runtime.database, runtime.now())
    with runtime.transaction() as session:
        session.add_all(directory(runtime.now()))
    return runtime


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "feedback_app.cli.main", "--config", str(folder), *arguments]


def environment() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_STAR_")}
    return {**clean, "PYTHONPATH": str(ROOT)}


def told(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(folder, *arguments), capture_output=True, text=True, cwd=folder.parent, env=environment(), check=False
    )


@contextmanager
def started(folder: Path, *commands: tuple[str, ...]) -> Iterator[None]:
    processes = []
    try:
        for number, one in enumerate(commands):
            with (folder.parent / f"{number}.log").open("wb") as log:
                options = {"stdout": log, "stderr": log, "env": environment(), "cwd": folder.parent}
                processes.append(subprocess.Popen(command(folder, *one), start_new_session=True, **options))  # type: ignore[call-overload]
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()


def test_three_hospitals_on_two_web_processes(tmp_path: Path) -> None:
    folder = tmp_path / "hospitals"
    folder.mkdir()
    first, second = free_ports(2)
    runtimes = {name: configured(folder, name, first) for name in HOSTS}
    browser = requests.Session()
    browser.trust_env = False

    def get(port: int, name: str, path: str) -> requests.Response:
        return browser.get(f"http://{HOST}:{port}{path}", headers={"Host": HOSTS[name]}, timeout=60)

    def ready(port: int) -> bool:
        try:
            return browser.get(f"http://{HOST}:{port}/readyz", timeout=60).text.count("3 of 3") == 1
        except requests.ConnectionError:
            return False

    serve = [("serve", "--port", str(port), "--workers", "1") for port in (first, second)]
    with started(folder, *serve, ("work",)):
        until(lambda: ready(first) and ready(second), "both web processes are ready", folder.parent)
        receipts = {name: rated(browser, runtime, name, first) for name, runtime in runtimes.items()}
        for name, receipt in receipts.items():
            assert f"{name}医院" in get(second, name, "/stars/").text
            assert get(second, name, receipt).status_code == 200, "accepted by one web process, known to the other"
            for other in set(HOSTS) - {name}:
                assert get(second, other, receipt).status_code == 404
        for runtime in runtimes.values():  # the one worker keeps all three logs
            until(lambda runtime=runtime: placed(runtime), "the worker has given every entry its place", folder.parent)  # type: ignore[misc]
    checked = told(folder, "check")
    assert [line for line in checked.stdout.splitlines() if line.startswith("==")] == ["== bing", "== jia", "== yi"]
    refused = told(folder, "verify")
    assert refused.returncode
    assert "--config" in refused.stderr
    for runtime in runtimes.values():
        runtime.close()


def rated(browser: requests.Session, runtime: Runtime, name: str, port: int) -> str:
    """A rating through the form of this hospital; the address of its receipt."""
    with runtime.transaction() as session:
        point = session.query(ServicePoint).filter_by(key="W03").one()
        code = codes.issue(session, runtime.vault, point, runtime.now()).text
    browser.cookies.clear()
    headers = {"Host": HOSTS[name]}
    form = browser.get(f"http://{HOST}:{port}/s/{code}", headers=headers, timeout=60)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.text))
    address, data = f"http://{HOST}:{port}/s/{code}", {**fields, "overall": "4"}
    sent = browser.post(address, data=data, headers=headers, allow_redirects=False, timeout=60)
    assert sent.status_code == 303, sent.text[:300]
    return sent.headers["Location"].removeprefix(runtime.settings.server.base_url)


def placed(runtime: Runtime) -> bool:
    with runtime.reading() as session:
        return not evidence.has_work(session, runtime.now())
