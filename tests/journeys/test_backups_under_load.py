"""A tenth of bench/backups.py."""

from pathlib import Path

import pytest

from bench import backups

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(("kind", "count", "damaged"), [("sqlite", 5, 99), ("postgresql", 2, 11)])
def test_each_is_whole_and_each_damaged_one_is_refused(tmp_path: Path, kind: str, count: int, damaged: int) -> None:
    found = backups.run(tmp_path, kind, count=count, damaged=damaged)
    assert found.clean, found
    assert (found.equal, found.refused.total()) == (count, damaged)
    assert all(found.held[-1]), "ratings, cases and pushes were written meanwhile"
