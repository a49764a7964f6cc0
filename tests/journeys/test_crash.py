"""Short version of bench/crash.py: real processes killed under load; a disk without room; nobody is thanked for nothing."""

import shutil
from pathlib import Path

import pytest

from bench import crash

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path, kind: str) -> None:
    found = crash.crash(tmp_path, kind, kills=2, acknowledged=60, seed=4)
    assert found.clean, found
    assert found.acknowledged >= 60 and sum(found.kills.values()) == 2


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace, to see the order of flush and answer")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_thanks_are_sent_after_the_flush(tmp_path: Path, kind: str) -> None:
    """kill -9 cannot show this: what was written but not flushed outlives the process, not the power cut."""
    seen, early = crash.traced(tmp_path, kind, 10)
    assert seen >= 10
    assert early == 0


def test_a_trace_without_a_flush_is_noticed() -> None:
    """What bench/crash.py reads from strace, with one answer that left too early."""
    lines = [
        '7 10.000000 recvfrom(9, "POST /s/AAAA HTTP/1.1\\r\\n", 8192, 0, NULL, NULL) = 300 <0.000010>',
        "8 10.100000 fdatasync(5 <unfinished ...>",
        "8 10.200000 <... fdatasync resumed>) = 0 <0.100000>",
        '7 10.300000 sendto(9, "HTTP/1.1 303 SEE OTHER\\r\\n", 700, 0, NULL, 0) = 700 <0.000010>',
        '7 11.000000 recvfrom(9, "POST /s/AAAA HTTP/1.1\\r\\n", 8192, 0, NULL, NULL) = 300 <0.000010>',
        '7 11.300000 sendto(9, "HTTP/1.1 303 SEE OTHER\\r\\n", 700, 0, NULL, 0) = 700 <0.000010>',
        "7 11.400000 fdatasync(5) = 0 <0.010000>",
    ]
    assert crash.flushed_first(lines[:4]) == (1, 0)
    assert crash.flushed_first(lines) == (2, 1)
