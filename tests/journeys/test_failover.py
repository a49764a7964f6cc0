"""Short version of bench/failover.py: a database node and an application node are lost under load, and nothing else."""

from pathlib import Path

import pytest

from bench import failover

pytestmark = pytest.mark.journey


def test_nothing_acknowledged_is_lost_with_a_node(tmp_path: Path) -> None:
    found = failover.failover(tmp_path, seconds=3, patients=3)
    assert found.clean, found
    assert all(found.rounds[0].by_step)
