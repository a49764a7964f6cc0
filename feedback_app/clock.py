"""The one place that asks what time it is; everything else is told.

In tests and in the demo all processes live by a shared file (``[sandbox] clock_file``). It holds one ISO 8601 instant
with offset; from the moment the file was written, time runs on at its normal speed. Writing the file again moves the time
of every process at once.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def file_clock(path: Path) -> Clock:
    """A clock that reads ``path`` at every call; without the file it is the system clock."""

    def now() -> datetime:
        try:
            told = datetime.fromisoformat(path.read_text("utf-8").strip())
            written = path.stat().st_mtime
        except (FileNotFoundError, ValueError):
            return system_clock()
        if told.tzinfo is None:
            raise ValueError(f"{path}: the instant needs an offset, such as 2026-11-01T00:00:00+08:00")
        elapsed = max(0.0, system_clock().timestamp() - written)
        return told.astimezone(UTC) + timedelta(seconds=elapsed)

    return now


def move(path: Path, to: datetime) -> None:
    """Set the shared time; written beside and renamed, so that no reader sees half a line."""
    beside = path.with_suffix(".moving")
    beside.write_text(to.isoformat(), "utf-8")
    beside.replace(path)
