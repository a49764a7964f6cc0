"""Short version of bench/slow_clients.py, and what the worker decides from the first bytes of a request."""

from pathlib import Path

import pytest

from bench import slow_clients
from feedback_app.cli._patient_worker import LONGEST_HEAD, WAITED_FOR, missing

HEAD = b"POST /s/A HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.journey
def test_silent_clients_take_no_thread(tmp_path: Path) -> None:
    found = slow_clients.slow_clients(tmp_path, clients=40, seconds=4)
    assert (found.lost, found.refused) == (0, 0)
    assert found.looks and found.accepted


@pytest.mark.parametrize(
    ("seen", "still"),
    [
        (b"", 1),
        (b"GET / HT", 9),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0),
        (HEAD % 10, len(HEAD % 10) + 10),
        (HEAD % 10 + b"a" * 9, len(HEAD % 10) + 10),
        (HEAD % 10 + b"a" * 10, 0),
        (HEAD % 10**9, WAITED_FOR),
        (HEAD % 10**9 + b"a" * WAITED_FOR, 0),
        (b"POST / HTTP/1.1\r\ncontent-length:7\r\n\r\nabcdefg", 0),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 54),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 0),
        (b"x" * LONGEST_HEAD, 0),
    ],
)
def test_a_thread_is_given_for_a_whole_request(seen: bytes, still: int) -> None:
    assert missing(seen) == still
