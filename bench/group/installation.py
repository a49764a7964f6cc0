"""The processes: a stand-in for the platforms of each hospital, the nodes, the workers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import requests

from bench.forking import Forge, Forked
from bench.group.hospitals import Hospital
from tests.waiting import until

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 180.0  # seconds


@dataclass
class Installation:
    """``forge``: copies of one process that has imported everything, for a short run; ``leak``: see ``leaks``."""

    folder: Path
    forge: Forge | None = None
    leak: str = ""
    processes: dict[str, "subprocess.Popen[bytes] | Forked"] = field(default_factory=dict)

    def start(self, name: str, config: Path, *words: str) -> None:
        arguments = ["--config", str(config), *words]
        if self.forge is not None and not self.leak:
            self.processes[name] = self.forge.start(arguments, self.folder / f"{name}.log")
            return
        module = ["bench.group.leaks", self.leak] if self.leak else ["feedback_app.cli.main"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SERVICE_STAR_")}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *module, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment,
                start_new_session=True,
            )

    def stop(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if self.forge is not None:
            self.forge.close()


@contextmanager
def running(made: Installation, hospitals: Sequence[Hospital], *, workers: int) -> Iterator[None]:
    """Until every node says that all hospitals are ready, and every stand-in answers."""
    folder = made.folder / "hospitals"
    try:
        for one in hospitals:
            made.start(f"sandbox-{one.name}", one.config, "sandbox", "--port", one.phones.address.rpartition(":")[2])
        for number, port in enumerate(hospitals[0].ports):
            made.start(f"node{number + 1}", folder, "serve", "--host", "0.0.0.0", "--port", str(port), "--workers", "1")
        for number in range(workers):
            made.start(f"worker{number + 1}", folder, "work")
        for port in hospitals[0].ports:
            until(partial(ready, port, len(hospitals)), "every hospital is ready at every node", made.folder, PATIENCE)
        for one in hospitals:
            until(partial(answers, one), "the platforms answer", made.folder, PATIENCE)
        yield
    finally:
        made.stop()


def ready(port: int, count: int) -> bool:
    try:
        with requests.Session() as http:
            http.trust_env = False
            return f"{count} of {count}" in http.get(f"http://127.0.0.1:{port}/readyz", timeout=60).text
    except requests.ConnectionError:
        return False


def answers(one: Hospital) -> bool:
    try:
        one.phones.counts()
        return True
    except requests.ConnectionError:
        return False
