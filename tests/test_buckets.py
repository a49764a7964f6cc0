"""Rate limits: one bucket for all processes, exactly as many get through as there are tokens."""

import random
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from feedback_app.db.buckets import Bucket
from feedback_app.errors import TooOften
from feedback_app.services import buckets
from feedback_app.services.buckets import Limit
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON

FIVE = Limit("sign_in", burst=5, per_hour=60)


def take(runtime: Runtime, limit: Limit, who: str, now: datetime) -> float:
    with runtime.transaction() as session:
        return buckets.wait(session, runtime.vault, limit, who, now)


def test_a_burst_and_then_one_a_minute(runtime: Runtime) -> None:
    assert [take(runtime, FIVE, "a", NOON) for _ in range(5)] == [0.0] * 5
    assert take(runtime, FIVE, "a", NOON) == pytest.approx(60)
    assert take(runtime, FIVE, "b", NOON) == 0.0
    assert take(runtime, FIVE, "a", NOON + timedelta(seconds=59)) == pytest.approx(1)
    assert take(runtime, FIVE, "a", NOON + timedelta(seconds=60)) == 0.0
    assert take(runtime, FIVE, "a", NOON + timedelta(seconds=60)) > 0
    assert [take(runtime, FIVE, "a", NOON + timedelta(hours=1)) for _ in range(6)][4:] == [0.0, pytest.approx(60)]


def test_too_often_says_when(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        for _ in range(5):
            buckets.take(session, runtime.vault, FIVE, "a", NOON)
        with pytest.raises(TooOften) as refused:
            buckets.take(session, runtime.vault, FIVE, "a", NOON)
    assert refused.value.params == {"seconds": 60}


def test_no_address_in_clear_and_full_buckets_are_thrown_away(runtime: Runtime) -> None:
    take(runtime, FIVE, "203.0.113.7", NOON)
    with runtime.transaction() as session:
        row = session.query(Bucket).one()
        assert "203.0.113.7" not in row.key
        assert buckets.sweep(session, NOON) == 0
        assert buckets.sweep(session, NOON + timedelta(seconds=61)) == 1


@pytest.mark.parametrize("seed", range(5))
def test_it_does_what_a_bucket_does(runtime: Runtime, seed: int) -> None:
    """Beside a bucket as one would draw it: tokens that flow in, never more than it holds."""
    chance = random.Random(seed)
    tokens, now = float(FIVE.burst), NOON
    for _ in range(60):
        gap = chance.choice((0, 0, 1, 30, 61, 200))
        now += timedelta(seconds=gap)
        tokens = min(FIVE.burst, tokens + gap / FIVE.seconds_each)
        let_through = tokens >= 1
        tokens -= let_through
        assert (take(runtime, FIVE, "a", now) == 0.0) is let_through


_MANY = """
import sys
from pathlib import Path
from feedback_app.services import buckets
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON, settings_for
from tests.test_buckets import FIVE
runtime = Runtime.open(settings_for(Path(sys.argv[1]), database={"url": sys.argv[2]}))
got = 0
for _ in range(20):
    with runtime.transaction() as session:
        got += buckets.wait(session, runtime.vault, FIVE, "all", NOON) == 0.0
print(got)
"""


def test_processes_share_one_bucket(runtime: Runtime, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _MANY, str(tmp_path), runtime.settings.database.url]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(one.communicate()[0]) for one in running) == FIVE.burst
