"""The short run of ``bench.faults``: four worker processes, a failing platform, tokens revoked at random."""

from pathlib import Path

import pytest

from bench.faults import run
from tests.bots.town import quiet_ports

pytestmark = pytest.mark.journey


def test_every_push_arrives_once_or_is_listed_with_its_reason(tmp_path: Path) -> None:
    result = run(tmp_path, quiet_ports(1)[0], pushes=160, workers=4, kills=2)
    assert result.clean, result
    assert result.kills == 2 and result.of("sent") >= 100
    assert (
        result.faults["cut_done"] and result.states["wecom", "sent"] >= 75
    )  # where a repeat shows once it is repeated
    assert result.most_fetches_in_a_second <= 1
