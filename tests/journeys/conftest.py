"""Real processes for journeys: web, worker and sandbox of one small hospital, on free ports, all living by one clock file."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from bench.forking import Forge, Forked
from bots.sandbox.client import SandboxClient
from feedback_app import clock, settings
from feedback_app.db.directory import ServicePoint
from feedback_app.services import bindings, codes, schema
from feedback_app.services.runtime import Runtime
from tests.conftest import chosen_database
from tests.people import directory
from tests.waiting import PATIENCE, ends, until

ROOT = Path(__file__).parent.parent.parent
HOST = "127.0.0.1"
START = datetime.fromisoformat("2026-11-20T12:00:00+08:00")  # a Friday
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Running:
    """A small hospital (``tests.people``) with everything running. Move its time with :meth:`set_clock`."""

    folder: Path
    runtime: Runtime
    phones: SandboxClient
    environment: dict[str, str]
    browser: requests.Session = field(default_factory=requests.Session)
    processes: dict[str, subprocess.Popen[bytes] | Forked] = field(default_factory=dict)
    forge: Forge | None = None  # where processes are started by the hundred
    patience: float = PATIENCE  # seconds

    @property
    def base(self) -> str:
        return self.runtime.settings.server.base_url

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def set_clock(self, told: str) -> None:
        """Every process lives at this instant from now on: ``2026-12-01T00:00:00+08:00``."""
        clock.move(self.folder / "clock", datetime.fromisoformat(told))

    def start(self, name: str, *arguments: str) -> None:
        """Start ``service-star ARGUMENTS`` and keep it running; its output is in ``<name>.log``."""
        if self.forge is not None:
            told = ["--config", str(self.config), *arguments]
            self.processes[name] = self.forge.start(told, self.folder / f"{name}.log")
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._command(*arguments),
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``service-star ARGUMENTS`` to its end."""
        return subprocess.run(
            self._command(*arguments),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "feedback_app.cli.main", "--config", str(self.config), *arguments]

    def kill(self, name: str) -> None:
        """End a process and its children, as a power cut would: an orphaned web worker would answer for the dead one."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            _signal(process, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        self.processes.clear()

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for what another process does. Fails with the logs when patience ends."""
        until(is_so, what, self.folder, self.patience)

    def answers(self) -> bool:
        """Whether the web pages can be served."""
        return _answers(self, f"{self.base}/readyz")

    def sandbox_answers(self) -> bool:
        return _answers(self, f"{self.phones.address}/")

    def logs(self) -> str:
        return ends(self.folder)

    def point(self, key: str) -> ServicePoint:
        with self.runtime.reading() as session:
            return session.query(ServicePoint).filter_by(key=key).one()

    def address_of(self, key: str) -> str:
        """Where scanning the code of this service point leads."""
        with self.runtime.transaction() as session:
            point = session.query(ServicePoint).filter_by(key=key).one()
            code = codes.issue(session, self.runtime.vault, point, self.runtime.now())
        return codes.address(self.base, code.text or "")

    def rate(self, address: str, level: int, comment: str = "") -> str:
        """Fill in the form as a patient's browser without JavaScript would; returns the address of the receipt page.

        Each call is another patient's phone: what the last one left behind is forgotten.
        """
        self.browser.cookies.clear()
        form = self.browser.get(address, timeout=20)
        fields = dict(_HIDDEN.findall(form.text))
        sent = self.browser.post(
            address, data={**fields, "overall": str(level), "comment": comment}, allow_redirects=False, timeout=20
        )
        assert sent.status_code == 303, f"{sent.status_code}: {sent.text[:500]}"
        return sent.headers["Location"]

    def bind(self, *keys: str) -> None:
        """These members of staff have bound their WeCom account (``tests.people``: their key in lower case)."""
        with self.runtime.transaction() as session:
            for key in keys:
                person = session.query(ServicePoint).filter_by(key=key).one()
                bindings.bind(session, self.runtime.vault, person, "wecom", person.wecom_userid, now=self.runtime.now())
        self.phones.members([{"userid": key.lower(), "name": self.point(key).name} for key in keys])


def _signal(process: subprocess.Popen[bytes] | Forked, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, number)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    probes = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def toml(tables: dict[str, dict[str, Any]]) -> str:
    def written(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int) else f'"{value}"'

    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {written(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    )


def tables_for(folder: Path, web: int, sandbox: int) -> dict[str, dict[str, Any]]:
    platform = f"http://{HOST}:{sandbox}"
    return {
        "hospital": {"name": "青山医院"},
        "server": {"base_url": f"http://{HOST}:{web}", "workers": 1},
        "database": {"url": chosen_database(folder)},
        "wechat": {
            "enabled": True,
            "app_id": "wx-journey",
            "app_secret": "journey-app-secret",
            "token": "journeytoken",
            "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE",
            "mode": "secure",
            "api_base": platform,
            "open_base": platform,
        },
        "wecom": {
            "enabled": True,
            "corp_id": "ww-journey",
            "agent_id": 1000002,
            "secret": "journey-agent-secret",
            "api_base": platform,
            "open_base": platform,
        },
        "wecom.webhooks": {"complaints": "journey-complaints", "duty": "journey-duty"},
        "complaints": {"phone": "0571-8888 0120", "place": "一楼", "hours": "8:00-17:30", "routes": "院内协商、诉讼"},
        "sandbox": {"enabled": True, "port": sandbox, "clock_file": str(folder / "clock")},
        "security": {"secret_key": "a-secret-for-journeys-only-0123456789abcdef", "hashing": "fast"},
    }


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Running]:
    """Everything running, at Friday noon, with the directory of ``tests.people`` and nobody bound."""
    with running(tmp_path) as made:
        yield made


@contextmanager
def running(
    tmp_path: Path,
    *,
    database: str = "",
    web_workers: int = 1,
    workers: int = 1,
    forge: Forge | None = None,
    patience: float = PATIENCE,
) -> Iterator[Running]:
    """The same for a bench: on another database, with more web and worker processes, started faster, on a busy machine."""
    web, sandbox = free_ports(2)
    clock.move(tmp_path / "clock", START)
    tables = tables_for(tmp_path, web, sandbox)
    tables["server"]["workers"] = web_workers
    tables["database"]["url"] = database or tables["database"]["url"]
    (tmp_path / "config.toml").write_text(toml(tables), "utf-8")
    runtime = Runtime.open(settings.load(tmp_path / "config.toml"))
    schema.migrate(runtime.database, runtime.now())
    with runtime.transaction() as session:
        session.add_all(directory(runtime.now()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_STAR_")}
    environment["PYTHONPATH"] = str(ROOT)
    phones = SandboxClient(f"http://{HOST}:{sandbox}")
    made = Running(tmp_path, runtime, phones, environment, forge=forge, patience=patience)
    made.browser.trust_env = False
    try:
        made.start("sandbox", "sandbox", "--port", str(sandbox))
        made.start("web", "serve", "--port", str(web))
        for number in range(workers):
            made.start(f"worker{number or ''}", "work")
        made.until(lambda: _answers(made, f"{made.base}/readyz"), "the web pages answer")
        made.until(made.sandbox_answers, "the sandbox answers")
        yield made
    finally:
        made.stop()
        made.phones.close()
        made.browser.close()
        runtime.close()


def _answers(made: Running, address: str) -> bool:
    try:
        return made.browser.get(address, timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):  # not there yet, or not at once
        return False
