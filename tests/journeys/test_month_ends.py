"""A month end with three work processes, two of them and a web worker killed, while patients rate: each board once, each
person told once, each rating on one board. And a year that nobody was there for, closed at once by three work processes.
"""

import pytest

from feedback_app.domain.cycles import month_period
from feedback_app.services import leaderboards, publications
from tests.journeys.conftest import Running, running
from tests.journeys.month_ends import BOUND, FEWEST, FIRST, closed, judge, live_through, states
from tests.star_ratings import rate

pytestmark = pytest.mark.journey
MONTHS = 1


def test_month_ends_with_killed_workers(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("months"), web_workers=2, workers=3) as hospital:
        receipts = live_through(hospital, MONTHS, workers=3)
        assert len(receipts) >= MONTHS * 2 * FEWEST
        assert judge(hospital, MONTHS, receipts) == {
            "boards": MONTHS,
            "unaltered": MONTHS,
            "queued": MONTHS * len(BOUND),
            "fewest": MONTHS,
            "most": MONTHS,
            "lost": 0,
            "elsewhere": 0,
        }
        _a_year_at_once(hospital)


def _a_year_at_once(hospital: Running) -> None:
    """Everything stood still for twelve months, and ratings of all of them are there (kept paper, another system)."""
    for name in [name for name in hospital.processes if name.startswith("worker")]:
        hospital.kill(name)
    missed = [month_period(FIRST.shifted(MONTHS + number)) for number in range(12)]
    with hospital.runtime.transaction() as session:
        for number, period in enumerate(missed):
            rate(session, "D01", (0, 0, 1, 8, 40 + number), str(period))
    hospital.set_clock(missed[-1].ends(hospital.runtime.zone).isoformat())
    for number in range(3):
        hospital.start(f"worker{number or ''}", "work")
    hospital.until(lambda: len(closed(hospital)) == MONTHS + 12, "all twelve months are closed")
    assert closed(hospital)[MONTHS:] == [str(period) for period in missed]
    with hospital.runtime.reading() as session:
        boards = [leaderboards.load(session, "monthly", period) for period in missed]
        assert all(leaderboards.is_unaltered(session, "monthly", period) for period in missed)
    assert [next(row.valid for row in one.league("doctors").rows if row.key == "D01") for one in boards[1:]] == [
        49 + number for number in range(1, 12)
    ]
    for period in missed:
        with hospital.runtime.transaction() as session:
            now, settings = hospital.runtime.now(), hospital.runtime.settings
            publications.publish(session, "monthly", period, by="王主任", now=now, settings=settings)
    hospital.set_clock(publications.goes_out(hospital.runtime.now(), hospital.runtime.settings).isoformat())
    told = len(BOUND) * (MONTHS + 12)
    hospital.until(lambda: states(hospital)["sent"] == told, "everybody has been told of every month")
    received = hospital.phones.counts().received["userid"]
    assert {received[key.lower()] for key in BOUND} == {MONTHS + 12}
