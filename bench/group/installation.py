"""The processes: a stand-in for the platforms of each hospital, the nodes, the workers."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import requests

from bench.forking import Forge, Forked
from bench.group.hospitals import Hospital
from bench.running import PROGRAM, ended, started
from tests.waiting import until

PATIENCE = 180.0  # seconds


@dataclass
class Installation:
    """``forge``: copies of one process that has imported everything, for a short run; ``leak``: see ``leaks``."""

    folder: Path
    forge: Forge | None = None
    leak: str = ""
    processes: dict[str, "subprocess.Popen[bytes] | Forked"] = field(default_factory=dict)

    def start(self, name: str, config: Path, *words: str) -> None:
        module = ("bench.group.leaks", self.leak) if self.leak else PROGRAM
        log = self.folder / f"{name}.log"
        self.processes[name] = started(["--config", str(config), *words], log, self.forge, module=module)

    def stop(self) -> None:
        ended(self.processes.values(), self.forge)


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
