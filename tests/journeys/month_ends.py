"""Month after month over real processes that are killed while they work: what must be there afterwards."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain.cycles import Period, month_period
from feedback_app.domain.periods import Month
from feedback_app.services import leaderboards, publications
from tests.journeys.conftest import Running
from tests.star_ratings import rate

BOUND = ("D01", "D02", "D03", "N01", "N02", "C01")
FIRST = Month(2026, 11)


def live_through(hospital: Running, months: int, *, workers: int, seed: int = 1) -> None:
    """So many month ends; at each a worker is killed as the month ends and another one while messages go out."""
    dice = random.Random(seed)
    hospital.bind(*BOUND)
    for number in range(months):
        _one_month(hospital, month_period(FIRST.shifted(number)), len(BOUND) * (number + 1), dice, workers)


def _one_month(hospital: Running, period: Period, expected: int, dice: random.Random, workers: int) -> None:
    with hospital.runtime.transaction() as session:
        for key in ("D01", "D02", "N01"):
            rate(session, key, (0, 0, 1, 8, 40 + dice.randrange(30)), str(period))
    _move(hospital, period.ends(hospital.runtime.zone))
    _kill_one(hospital, dice, workers)
    hospital.until(lambda: str(period) in closed(hospital), f"{period} is closed")
    _publish_twice_at_once(hospital, period)
    morning = publications.goes_out(hospital.runtime.now(), hospital.runtime.settings)
    _move(hospital, morning + timedelta(seconds=1))
    _kill_one(hospital, dice, workers)
    hospital.until(lambda: states(hospital)["sent"] == expected, f"everybody has been told of {period}")


def _move(hospital: Running, moment: datetime) -> None:
    hospital.set_clock(moment.astimezone(UTC).isoformat())


def _kill_one(hospital: Running, dice: random.Random, workers: int) -> None:
    """As a power cut would, and somebody starts it again."""
    name = f"worker{dice.randrange(workers) or ''}"
    hospital.kill(name)
    hospital.start(name, "work")


def _publish_twice_at_once(hospital: Running, period: Period) -> None:
    release = ("stars", "publish", "--award", "monthly", "--period", str(period), "--by", "王主任")
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: hospital.command(*release), range(2)))
    assert [one.returncode for one in done] == [0, 0], done[0].stderr + done[1].stderr


def closed(hospital: Running) -> list[str]:
    with hospital.runtime.reading() as session:
        return [board.period for board in session.query(Leaderboard).order_by(Leaderboard.period)]


def states(hospital: Running) -> Counter[str]:
    with hospital.runtime.reading() as session:
        return Counter(one.state for one in session.query(OutboxMessage).filter_by(purpose="star_result"))


def judge(hospital: Running, months: int) -> dict[str, int]:
    """What there is after all of it: boards, messages queued, received per person at least and at most, altered boards."""
    received = hospital.phones.counts().received.get("userid", {})
    counts = [received.get(key.lower(), 0) for key in BOUND]
    periods = [month_period(FIRST.shifted(number)) for number in range(months)]
    with hospital.runtime.reading() as session:
        unaltered = sum(leaderboards.is_unaltered(session, "monthly", period) for period in periods)
        boards = session.query(Leaderboard).count()
    return {
        "boards": boards,
        "unaltered": unaltered,
        "queued": sum(states(hospital).values()),
        "fewest": min(counts),
        "most": max(counts),
    }
