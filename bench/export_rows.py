"""Memory of an export by its size: 10,000, 100,000 and 1,000,000 ratings, as CSV, JSON lines and XLSX.

python -m bench.export_rows [ROWS …]

Each export is a process of its own (`service-star export ratings`), with months of repeats among the rows; what it held at
most is read from the system when it has ended. Flat means: a hundred times the rows, about the same memory.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bench.measure import free_port
from bench.running import CONFIG
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.services import schema
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests.people import directory

SIZES = (10_000, 100_000, 1_000_000)
FORMS = ("csv", "jsonl", "xlsx")
BATCH = 10_000
FIRST = date(2026, 1, 1)
_MB = 1024


def rows(count: int, points: list[tuple[int, int | None]], start: int = 0) -> Iterator[dict[str, Any]]:
    """Ratings of ten months; one in fifty is a second one of the same person on the same day."""
    for number in range(start, start + count):
        day = FIRST + timedelta(days=number * 300 // max(count, 1) % 300)
        point, unit = points[number % len(points)]
        person = number - len(points) if number % 50 == 0 else number
        yield {
            "receipt": f"{number:012d}", "idempotency_key": f"bench-{number}", "service_point_id": point, "unit_id": unit,
            "score": (1, 2, 3, 4, 5, 5, 5, 4)[number % 8], "answers": {"overall": 5}, "comment": "等了很久" if number % 9 == 0 else "",
            "answers_salt": "", "answers_digest": f"{number:064d}", "language": "zh", "channel": "form",
            "rater_hash": f"{person:064d}", "staff_sign": "", "verified": number % 7 == 0, "verified_how": "",
            "received_at": datetime(day.year, day.month, day.day, 2, tzinfo=UTC), "day": day, "period": f"{day:%Y-%m}",
            "status": "counted", "why_not": "", "made_up": True, "late": False,
        }  # fmt: skip


def build(folder: Path, count: int) -> Path:
    config = folder / "config.toml"
    text = CONFIG.format(url=f"sqlite:///{folder / 'stars.db'}", port=free_port(), workers=1)
    config.write_text(text, "utf-8")
    now = datetime(2026, 11, 20, 4, tzinfo=UTC)
    with opened(load(config)) as runtime:
        schema.migrate(runtime.database, now)
        with runtime.transaction() as session:
            session.add_all(directory(now))
            session.flush()
            points = [(one.id, one.department_id) for one in session.query(ServicePoint).filter_by(kind="staff")]
        batch: list[dict[str, Any]] = []
        for row in rows(count, points):
            batch.append(row)
            if len(batch) == BATCH or len(batch) == count:
                with runtime.transaction() as session:
                    session.execute(insert(Rating), batch)
                batch = []
    return config


def export(config: Path, form: str) -> tuple[float, float, int]:
    """Seconds, MB at most, bytes of the file."""
    out = config.parent / f"ratings.{form}"
    command = [
        sys.executable,
        "-m",
        "feedback_app.cli.main",
        "--config",
        str(config),
        "export",
        "ratings",
        "--out",
        str(out),
    ]
    began, most = time.monotonic(), 0.0
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "."}, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, _peak(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"{form}: exit {process.returncode}")
    return time.monotonic() - began, most, out.stat().st_size


def _peak(pid: int) -> float:
    """MB this process has held at most since it began. (What ``wait4`` tells begins with its parent's.)"""
    try:
        told = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / _MB for line in told.splitlines() if line.startswith("VmHWM")), 0.0)


def main() -> int:
    sizes = [int(one) for one in sys.argv[1:]] or SIZES
    most: dict[str, list[float]] = {form: [] for form in FORMS}
    print(f"{'rows':>10} {'form':6}{'seconds':>9}{'MB at most':>12}{'file MB':>9}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            config = build(Path(folder), size)
            for form in FORMS:
                seconds, memory, length = export(config, form)
                most[form].append(memory)
                print(f"{size:>10,} {form:6}{seconds:9.1f}{memory:12.1f}{length / 1e6:9.1f}", flush=True)
    for form, found in most.items():
        print(f"{form}: {found[-1] / found[0]:.2f} times the memory for {sizes[-1] // sizes[0]} times the rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
