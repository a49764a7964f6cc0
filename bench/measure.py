"""Shared by the measurements: a server under gunicorn, a load of many connections, CPU of a process tree.

Absolute figures mean nothing on a shared machine; each script measures its baseline in the same, interleaved run and
prints ratios. Linux only (CPU time is read from /proc). Addresses are on the loopback interface only.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
Request = tuple[str, str, bytes, Mapping[str, str]]  # method, path, body, headers


@dataclass(frozen=True)
class Load:
    """What one round of load showed."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_us: float  # of the server's whole process tree, per request

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def gunicorn(
    application: str, environment: Mapping[str, str], *, workers: int = 2, threads: int = 8
) -> Iterator[tuple[int, int]]:
    """Serve ``module:callable`` and yield (port, process id)."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--workers", str(workers),
        "--worker-class", "gthread", "--threads", str(threads), "--keep-alive", "30", "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=Path(__file__).parent.parent)
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def cpu_seconds(pid: int) -> float:
    """User and system time of the process and all its children."""
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        total += spent.get(one, 0.0)
        waiting.extend(children.get(one, ()))
    return total


def fire(
    port: int, pid: int, make: Callable[[int, int], Request], *, connections: int, seconds: float, good: frozenset[int]
) -> Load:
    """Send requests over keep-alive connections for ``seconds``; ``make(connection, count)`` makes each one."""
    times: list[float] = []
    errors = 0
    lock = threading.Lock()
    stop_at = time.perf_counter() + seconds

    def client(number: int) -> None:
        nonlocal errors
        mine: list[float] = []
        wrong = count = 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < stop_at:
            method, path, body, headers = make(number, count)
            count += 1
            started = time.perf_counter()
            try:
                connection.request(method, path, body, dict(headers))
                answer = connection.getresponse()
                answer.read()
                wrong += answer.status not in good
            except (OSError, http.client.HTTPException):
                wrong += 1
                connection.close()
            mine.append(time.perf_counter() - started)
        connection.close()
        with lock:
            times.extend(mine)
            errors += wrong

    before, started = cpu_seconds(pid), time.perf_counter()
    clients = [threading.Thread(target=client, args=(number,)) for number in range(connections)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.perf_counter() - started
    spent = cpu_seconds(pid) - before
    times.sort()
    return Load(
        len(times),
        took,
        statistics.median(times) * 1000,
        times[int(len(times) * 0.99)] * 1000,
        errors,
        spent / len(times) * 1e6,
    )


def ratio(ours: list[float], baseline: list[float]) -> str:
    """Median of the pairwise ratios, with the smallest and the largest."""
    pairs = sorted(a / b for a, b in zip(ours, baseline, strict=True))
    return f"{statistics.median(pairs):.2f} [{pairs[0]:.2f}-{pairs[-1]:.2f}]"


def resident() -> int:
    """Bytes of memory this process holds now, not at its highest."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    return int(lines["VmRSS"].split()[0]) * 1024
