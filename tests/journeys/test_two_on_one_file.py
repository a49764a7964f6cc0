"""Two instances on one SQLite file, and logrotate's copytruncate under both: nothing lost, nothing twice, no line astray."""

import copy
import os
from pathlib import Path

import pytest

from bench.measure import free_port
from bench.running import Patients, Product
from feedback_app.db.ratings import Rating
from feedback_app.services import verification
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests.waiting import until

pytestmark = pytest.mark.journey
EACH = 10


@pytest.mark.sqlite_only("two instances on one file; on a server they are two nodes: bench/failover.py")
def test_both_write_side_by_side_and_their_log_is_rotated(tmp_path: Path) -> None:
    product = Product(tmp_path, "sqlite", workers=1)
    other = copy.copy(product)
    other.port, other.groups = free_port(), {}
    patients = [Patients(one, count=2) for one in (product, other)]
    log = tmp_path / "serve.log"
    try:
        for one in (product, other):
            one.start("serve")
        for one in (product, other):
            one.wait()
        for group in patients:
            group.start()
        until(lambda: min(len(one.accepted) for one in patients) >= EACH, "both take ratings", tmp_path)
        os.truncate(log, 0)
        sizes = [len(one.accepted) for one in patients]
        until(
            lambda: all(len(one.accepted) >= n + EACH for one, n in zip(patients, sizes, strict=True)),
            "both go on after the rotation",
            tmp_path,
        )
    finally:
        for group in patients:
            group.stop()
        for one in (product, other):
            one.stop()
    kept = log.read_bytes()
    assert kept.count(b"POST /s/") >= 2 * EACH and b"\0" not in kept
    receipts = {receipt for one in patients for receipt in one.accepted.values()}
    with opened(load(product.config)) as runtime, runtime.reading() as session:
        stored = {one.receipt: one.idempotency_key for one in session.query(Rating)}
        found = verification.problems(session, runtime.vault, runtime.now())
        assert [one for one in found if one.what != "entry_waiting"] == []
    assert receipts <= stored.keys() and len(stored) == len(set(stored.values()))
    assert sum(one.refused for one in patients) == 0
