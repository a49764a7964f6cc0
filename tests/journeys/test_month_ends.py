"""Two month ends with three workers, two of them killed at each: each board once, each person told once."""

import pytest

from tests.journeys.conftest import running
from tests.journeys.month_ends import BOUND, judge, live_through

pytestmark = pytest.mark.journey
MONTHS = 2


def test_month_ends_with_killed_workers(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("months"), web_workers=2, workers=3) as hospital:
        live_through(hospital, MONTHS, workers=3)
        assert judge(hospital, MONTHS) == {
            "boards": MONTHS,
            "unaltered": MONTHS,
            "queued": MONTHS * len(BOUND),
            "fewest": MONTHS,
            "most": MONTHS,
        }
