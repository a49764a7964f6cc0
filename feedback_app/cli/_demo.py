"""What the demo is made of: its folder and configuration, and the processes it keeps running."""

import socket
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from feedback_app.cli._init import fresh_secrets

HOST = "127.0.0.1"
SANDBOX_ABOVE = 100  # the sandbox listens this many ports above the web pages
_CORP, _APP = "ww-demo-0001", "wx-demo-0001"
_PATIENCE = 60.0  # seconds until the web pages must answer
_GRACE = 15.0  # seconds a process gets to end by itself
_TAIL = 15


@dataclass(frozen=True)
class Folder:
    """``var/demo``: configuration, database, clock and logs."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def database(self) -> Path:
        return self.path / "stars.db"

    def log(self, name: str) -> Path:
        return self.path / f"{name}.log"


def taken(*ports: int) -> int | None:
    """The first of these ports that somebody else listens on."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                return port
    return None


def write_config(folder: Folder, port: int) -> None:
    """Write the demo's configuration anew for ``port``; its secrets stay, because what they sealed must open again."""
    folder.path.mkdir(parents=True, exist_ok=True)
    kept = tomllib.loads(folder.config.read_text("utf-8")) if folder.config.is_file() else {}
    secret = fresh_secrets()
    secret["secret_key"] = kept.get("security", {}).get("secret_key", secret["secret_key"])
    for name in ("token", "encoding_aes_key"):
        secret[name] = kept.get("wechat", {}).get(name, secret[name])
    text = "\n".join(_table(name, table) for name, table in _tables(folder, port, secret).items())
    folder.config.touch(mode=0o600)
    folder.config.write_text("# written anew at every start of the demo\n\n" + text, "utf-8")


def _tables(folder: Folder, port: int, secret: dict[str, str]) -> dict[str, dict[str, Any]]:
    platform = f"http://{HOST}:{port + SANDBOX_ABOVE}"
    return {
        "hospital": {"name": "青山医院", "name_en": "Qingshan Hospital (made up)"},
        "server": {"base_url": f"http://{HOST}:{port}", "workers": 2},
        "database": {"url": f"sqlite:///{folder.database}"},
        "wechat": {
            "enabled": True,
            "app_id": _APP,
            "app_secret": "demo-app-secret",
            "token": secret["token"],
            "encoding_aes_key": secret["encoding_aes_key"],
            "mode": "secure",
            "api_base": platform,
            "open_base": platform,
        },
        "wecom": {
            "enabled": True,
            "corp_id": _CORP,
            "agent_id": 1000002,
            "secret": "demo-agent-secret",
            "api_base": platform,
            "open_base": platform,
        },
        "wecom.webhooks": {"complaints": "demo-complaints", "XN": "demo-xn", "SF": "demo-sf"},
        "complaints": {
            "phone": "0571-0000 0000",
            "place": "门诊楼一楼 投诉接待室",
            "hours": "周一至周五 8:00-17:30",
            "routes": "院内协商、人民调解、向卫生健康主管部门申请行政调解、向人民法院起诉",
        },
        "sandbox": {
            "enabled": True,
            "port": port + SANDBOX_ABOVE,
            "clock_file": str(folder.path / "clock"),
        },
        "security": {"secret_key": secret["secret_key"], "session_idle_minutes": 240},
    }


def _table(name: str, values: dict[str, Any]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


class Processes:
    """The demo's own processes, in sessions of their own so that Ctrl-C reaches only us and we end them in order."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "feedback_app.cli.main", "--config", str(self._folder.config)]
        with self._folder.log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own program
                [*command, *arguments], stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def ended(self) -> str | None:
        """The name of a process that is not running any more."""
        return next((name for name, process in self._running.items() if process.poll() is not None), None)

    def last_words(self, name: str) -> str:
        return "\n".join(self._folder.log(name).read_text("utf-8", "replace").splitlines()[-_TAIL:])

    def stop(self) -> None:
        """End all, the last started first; what does not end in time is killed."""
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + _GRACE
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def is_ready(address: str, processes: Processes) -> bool:
    """Wait until ``address`` answers 200. False when a process ended or patience did."""
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and processes.ended() is None:
        try:
            with opener.open(address, timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (URLError, OSError):
            time.sleep(0.2)
    return False
