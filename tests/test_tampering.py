"""Short version of bench/tampering.py: random direct edits are found where they are, receipts hold without us."""

from pathlib import Path

from bench import tampering
from feedback_app.services.runtime import Runtime


def test_random_edits_are_located_and_receipts_hold(tmp_path: Path) -> None:
    runtime = Runtime.open(tampering.settings(tmp_path))
    tampering.fill(runtime, 100)
    assert tampering.tamper(runtime, tmp_path, 60, seed=2) == []
    assert tampering.check_receipts(runtime, 100) == 0
    runtime.close()
