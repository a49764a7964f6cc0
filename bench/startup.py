"""Goal G9: memory of the whole tree of processes with four workers, and seconds until the first answer, against bare Flask.

python -m bench.startup [--rounds 5]

Both answer ``/healthz``. Bare Flask is one route under gunicorn with ``preload_app``; ours is ``service-star serve`` with
everything it has, on a fresh SQLite database, after each worker has answered a form. Memory is PSS: what processes share is
counted once. Linux only.
"""

import argparse
import http.client
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measure import free_port, ratio
from bench.running import PATIENCE, ROOT, Product, children

WORKERS = 4


@dataclass(frozen=True)
class Started:
    seconds: float  # until the first answer
    mib: float  # of the whole tree


def started(command: Sequence[str], port: int, paths: Sequence[str]) -> Started:
    """Start it, ask for each path often enough that every worker has answered, weigh it, end it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SERVICE_STAR_")}
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _asked(port, "/healthz"):
            if time.perf_counter() - began > PATIENCE or process.poll() is not None:
                raise RuntimeError(f"{command} did not start")
            time.sleep(0.002)
        took = time.perf_counter() - began
        for path in [*paths] * WORKERS * 8:
            _asked(port, path)
        return Started(took, sum(_pss(pid) for pid in (process.pid, *children(process.pid))) / 1024)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _asked(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _pss(pid: int) -> int:
    """KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        product, port = Product(Path(name), "sqlite", workers=WORKERS), free_port()
        ours = [sys.executable, "-m", "feedback_app.cli.main", "--config", str(product.config), "serve"]
        theirs = [
            sys.executable, "-m", "gunicorn", "bench.bare_app:bare()", "--preload", "--workers", str(WORKERS),
            "--worker-class", "gthread", "--threads", "4", "--no-control-socket", "--bind", f"127.0.0.1:{port}",
        ]  # fmt: skip
        form = f"/s/{product.printed[0]}"
        baseline, found = [], []
        for number in range(rounds + 1):
            pair = (
                started(theirs, port, ["/healthz"]),
                started([*ours, "--port", str(product.port)], product.port, [form]),
            )
            if number:  # the first time everything is read from the disk
                baseline.append(pair[0])
                found.append(pair[1])
    for name, ones in (("bare Flask", baseline), ("the product", found)):
        mib, seconds = (statistics.median(getattr(one, what) for one in ones) for what in ("mib", "seconds"))
        print(f"{name:12} {mib:6.0f} MiB, first answer after {seconds:.2f} s")
    print(f"memory of the tree  {ratio([one.mib for one in found], [one.mib for one in baseline])}   goal <= 1.3")
    print(
        f"first answer        {ratio([one.seconds for one in found], [one.seconds for one in baseline])}   goal <= 1.3"
    )


if __name__ == "__main__":
    main()
