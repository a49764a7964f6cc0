"""Waiting for what another process does."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 60.0


def until(is_so: Callable[[], bool], what: str, logs: Path, patience: float = PATIENCE) -> None:
    """Ask again and again. Fails with what the logs in ``logs`` say when patience ends."""
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {what}\n{ends(logs)}")
        time.sleep(0.1)


def ends(logs: Path) -> str:
    """The last of every log in the folder."""
    return "\n".join(f"== {log.name}\n{log.read_text('utf-8')[-3000:]}" for log in logs.glob("*.log"))
