"""Short version of bench/crash.py: real processes killed under load; a disk without room; nobody is thanked for nothing."""

import os
from pathlib import Path

import pytest

from bench import crash
from bench.tracing import ASKED, FLUSHED, THANKED, Event

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path, kind: str) -> None:
    found = crash.crash(tmp_path, kind, kills=2, acknowledged=60, seed=4)
    assert found.clean, found
    assert found.acknowledged >= 60 and sum(found.kills.values()) == 2


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_thanks_are_sent_after_the_flush(tmp_path: Path, kind: str) -> None:
    """kill -9 cannot show this: what was written but not flushed outlives the process, not the power cut."""
    try:
        seen, early = crash.traced(tmp_path, kind, 10)
    except OSError as error:
        told = f"a process cannot be watched on this machine (ptrace: {error.strerror}), so the order of flush and thanks stays unproven"
        pytest.fail(told) if "CI" in os.environ else pytest.skip(told)
    assert seen >= 10
    assert early == 0


def test_thanks_without_a_flush_are_noticed() -> None:
    """What bench/crash.py reads from the system calls, with one answer that left too early."""
    phone = (7, 9)
    told = [
        Event(ASKED, 10.0, 10.0, phone),
        Event(FLUSHED, 10.1, 10.2),
        Event(THANKED, 10.3, 10.3, phone),
        Event(ASKED, 11.0, 11.0, phone),
        Event(THANKED, 11.3, 11.3, phone),
        Event(FLUSHED, 11.2, 11.4),
    ]
    assert crash.flushed_first(told[:3]) == (1, 0)
    assert crash.flushed_first(told) == (2, 1)
