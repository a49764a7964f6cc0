"""The product's processes without the seconds that importing takes: copies of one process that has imported it and does nothing else.

What is forked runs the real command (``serve``, ``work``) as leader of a process group of its own, and can be killed like any
other. Only for runs that start it hundreds of times.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from feedback_app.cli import main as program
from feedback_app.cli import running

ROOT = Path(__file__).parent.parent
LOADED = running  # which imports the whole product


class Forge:
    """Starts commands of the product; one process, made at the first call."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def start(self, arguments: list[str], log: Path) -> "Forked":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.forking"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={key: value for key, value in os.environ.items() if not key.startswith("SERVICE_STAR_")},
            )
        given: Any = self._process.stdin
        told: Any = self._process.stdout
        given.write(json.dumps({"arguments": arguments, "log": str(log)}) + "\n")
        given.flush()
        return Forked(int(told.readline()))

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)
            self._process = None


class Forked:
    """As much of ``subprocess.Popen`` as ``bench.running`` needs; its parent is the forge."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it lives; the forge buries it at once."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self, timeout: float = 60) -> int:
        """Raises subprocess.TimeoutExpired."""
        ends = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return 0


def _bury(_signal: int, _frame: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(arguments: list[str], log: Path) -> NoReturn:
    """In the copy: the command, to its end."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for own, instead in ((0, nothing), (1, output), (2, output)):
        os.dup2(instead, own)
    sys.argv = ["service-star", *arguments]
    try:
        program.main()
    except SystemExit as ended:
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, _bury)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(wanted["arguments"], Path(wanted["log"]))
        while os.getpgid(pid) != pid:  # else whoever kills the group at once kills nothing
            time.sleep(0.001)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
