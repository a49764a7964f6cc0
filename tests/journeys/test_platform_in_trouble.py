"""The short run of ``bench.faults``: four worker processes, a failing platform, tokens revoked at random."""

from pathlib import Path

import pytest

from bench.faults import run
from tests.bots.town import quiet_ports

pytestmark = pytest.mark.journey


def test_every_push_arrives_once_or_is_listed_with_its_reason(tmp_path: Path) -> None:
    result = run(tmp_path, quiet_ports(1)[0], pushes=160, kills=2)
    assert (sum(result.states.values()), result.kills) == (160, 2)
    assert set(result.states) <= {"sent", "unknown", "failed"}
    assert result.states["sent"] >= 100
    assert (result.twice, result.sent_but_not_received, result.without_reason) == (0, 0, 0)
    assert result.most_fetches_in_a_second <= 1
