"""A tenth of bench/backups.py."""

from pathlib import Path

import pytest

from bench import backups

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(("kind", "count", "damaged"), [("sqlite", 5, 100), ("postgresql", 2, 5)])
def test_each_is_whole_and_each_damaged_one_is_refused(tmp_path: Path, kind: str, count: int, damaged: int) -> None:
    found = backups.run(tmp_path, kind, count=count, damaged=damaged)
    assert (found.equal, found.refused) == (count, damaged)
