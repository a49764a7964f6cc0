"""The short run of ``bench.callback_fuzz``; a million is for ``python -m bench.callback_fuzz``."""

from pathlib import Path

import pytest

from bench.callback_fuzz import fuzz


@pytest.mark.parametrize("seed", [11, 12])
def test_hostile_pushes_leave_no_trace_and_lose_nothing(tmp_path: Path, seed: int) -> None:
    tally = fuzz(10_000, seed, tmp_path)
    assert set(tally.statuses) == {200, 400, 403}
    assert (tally.sent, tally.unforeseen, tally.forged_stored, tally.lost, tally.doubled) == (10_000, 0, 0, 0, 0)
    assert tally.statuses[200] > 1000 and tally.statuses[403] > 1000 and tally.statuses[400] > 1000
