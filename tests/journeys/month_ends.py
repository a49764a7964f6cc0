"""Month after month over real processes that are killed while they work: what must be there afterwards.

Patients rate over the web while a month ends, is closed, published and told. At each month end one work process is killed as
the month ends and another one while messages go out; at every second one a web worker, or the web server with all of them.
Whose answer was lost sends the same form again. Each rating that was acknowledged must be on exactly one board, the board of
the month that it says it counts for.
"""

import os
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import requests

from bench.running import children
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.domain.cycles import Period, month_period
from feedback_app.domain.periods import Month
from feedback_app.services import leaderboards, publications
from tests.journeys.conftest import Running
from tests.star_ratings import rate

BOUND = ("D01", "D02", "D03", "N01", "N02", "C01")
RATED = ("D01", "D02", "N01")
FIRST = Month(2026, 11)
PATIENTS = 4  # at a time
BREATH = 0.05  # seconds from one rating of a patient to the next
FEWEST = 6  # acknowledged on either side of each month end
AT_WORK = 1.5  # seconds within which a process is killed after the clock has moved: while it does what became due
LEASES_OVER = timedelta(minutes=2)
COMMAND_EVERY = 5  # month ends; a command takes seconds to start
RELEASED_BY = "王主任"
PATIENCE = 60.0  # seconds


@dataclass
class Crowd:
    """Patients who rate over the web without end; ``receipts`` of what was acknowledged."""

    addresses: Sequence[str]
    receipts: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def rate(self, number: int) -> None:
        dice = random.Random(number)
        while not self.over.is_set():
            form = {"key": secrets.token_urlsafe(18), "overall": str(dice.choice((3, 4, 5))), "comment": ""}
            receipt = self._sent(dice.choice(self.addresses), form)
            if receipt:
                self.receipts.append(receipt)
            self.over.wait(BREATH)

    def _sent(self, address: str, form: dict[str, str]) -> str:
        """The same form again until there is an answer: without one nobody knows whether it has arrived."""
        while not self.over.is_set():
            with suppress(requests.RequestException), requests.Session() as phone:
                phone.trust_env = False
                answer = phone.post(address, data=form, allow_redirects=False, timeout=20)
                if answer.status_code == 303:
                    return answer.headers["Location"].rpartition("/")[2]
                assert answer.status_code in (502, 503), f"{answer.status_code}: {answer.text[:300]}"
            self.over.wait(0.2)
        return ""

    def more(self, count: int) -> None:
        """Wait until so many more have been acknowledged."""
        wanted, deadline = len(self.receipts) + count, time.monotonic() + PATIENCE
        while len(self.receipts) < wanted:
            assert time.monotonic() < deadline, "nothing is accepted any more"
            time.sleep(0.05)


@contextmanager
def rating(hospital: Running) -> Iterator[Crowd]:
    crowd = Crowd([hospital.address_of(key) for key in RATED])
    with ThreadPoolExecutor(PATIENTS) as pool:
        working: list[Future[None]] = [pool.submit(crowd.rate, number) for number in range(PATIENTS)]
        try:
            yield crowd
        finally:
            crowd.over.set()
    for one in working:
        one.result()


def live_through(
    hospital: Running, months: int, *, workers: int, seed: int = 1, tell: Callable[[str], None] = lambda _: None
) -> list[str]:
    """So many month ends; the receipts of everything that was acknowledged meanwhile. ``tell``: how long each step took."""
    dice, receipts = random.Random(seed), list[str]()
    hospital.bind(*BOUND)
    for number in range(months):
        expected, watch = len(BOUND) * (number + 1), Watch()
        receipts += _one_month(hospital, month_period(FIRST.shifted(number)), expected, dice, workers, number, watch)
        tell(f"month end {number + 1}: {len(receipts)} ratings acknowledged so far; {watch.told()}")
    return receipts


class Watch:
    """How long each step of a month end took."""

    def __init__(self) -> None:
        self._steps: list[tuple[str, float]] = []
        self._last = time.monotonic()

    def done(self, step: str) -> None:
        now = time.monotonic()
        self._steps.append((step, now - self._last))
        self._last = now

    def told(self) -> str:
        return ", ".join(f"{step} {seconds:.1f} s" for step, seconds in self._steps)


def _one_month(
    hospital: Running, period: Period, expected: int, dice: random.Random, workers: int, number: int, watch: Watch
) -> list[str]:
    _rated_before(hospital, period, dice)
    _move(hospital, period.ends(hospital.runtime.zone) - timedelta(hours=1))
    watch.done("made")
    with rating(hospital) as crowd:
        crowd.more(FEWEST)
        watch.done("rated before")
        _move(hospital, period.ends(hospital.runtime.zone))
        _kill_one(hospital, dice, workers)
        _kill_web(hospital, dice, number)
        watch.done("killed")
        hospital.until(lambda: str(period) in closed(hospital), f"{period} is closed")
        watch.done("closed")
        crowd.more(FEWEST)
        watch.done("rated after")
        _publish_twice_at_once(hospital, period, number)
        watch.done("published")
    morning = publications.goes_out(hospital.runtime.now(), hospital.runtime.settings)
    _move(hospital, morning + timedelta(seconds=1))
    _kill_one(hospital, dice, workers)
    _move(hospital, hospital.runtime.now() + LEASES_OVER)  # what the killed one held is taken up by another
    hospital.until(lambda: states(hospital)["sent"] == expected, f"everybody has been told of {period}")
    watch.done("told")
    return crowd.receipts


def _rated_before(hospital: Running, period: Period, dice: random.Random) -> None:
    with hospital.runtime.transaction() as session:
        for key in RATED:
            rate(session, key, (0, 0, 1, 8, 40 + dice.randrange(30)), str(period))


def _move(hospital: Running, moment: datetime) -> None:
    hospital.set_clock(moment.astimezone(UTC).isoformat())


def _kill_one(hospital: Running, dice: random.Random, workers: int) -> None:
    """As a power cut would, and somebody starts it again."""
    time.sleep(dice.random() * AT_WORK)
    name = f"worker{dice.randrange(workers) or ''}"
    hospital.kill(name)
    hospital.start(name, "work")


def _kill_web(hospital: Running, dice: random.Random, number: int) -> None:
    """Now one of those that answer, now the server with all of them, now nobody."""
    if number % 4 == 0:
        answering = children(hospital.processes["web"].pid)
        with suppress(ProcessLookupError):
            os.kill(dice.choice(answering), signal.SIGKILL)
    if number % 4 == 2:
        hospital.kill("web")
        hospital.start("web", "serve", "--port", hospital.base.rpartition(":")[2])
        hospital.until(hospital.answers, "the web pages answer again")


def _publish_twice_at_once(hospital: Running, period: Period, number: int) -> None:
    """Two people press the button together: by the command at every fifth month end, else as the console does."""
    publish = _publish_by_command if number % COMMAND_EVERY == 0 else _publish
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(publish, hospital, period) for _ in range(2)]:
            one.result()


def _publish_by_command(hospital: Running, period: Period) -> None:
    done = hospital.command("stars", "publish", "--award", "monthly", "--period", str(period), "--by", RELEASED_BY)
    assert done.returncode == 0, done.stderr


def _publish(hospital: Running, period: Period) -> None:
    now, settings = hospital.runtime.now(), hospital.runtime.settings
    with hospital.runtime.transaction() as session:
        publications.publish(session, "monthly", period, by=RELEASED_BY, now=now, settings=settings)


def closed(hospital: Running) -> list[str]:
    with hospital.runtime.reading() as session:
        return [board.period for board in session.query(Leaderboard).order_by(Leaderboard.period)]


def states(hospital: Running) -> Counter[str]:
    with hospital.runtime.reading() as session:
        return Counter(one.state for one in session.query(OutboxMessage).filter_by(purpose="star_result"))


def judge(hospital: Running, months: int, receipts: Sequence[str]) -> dict[str, int]:
    """What there is after all of it: boards, messages queued, received per person at least and at most, altered boards;
    acknowledged ratings that are not there once, and ratings that a board has more or fewer of than there are."""
    received = hospital.phones.counts().received.get("userid", {})
    counts = [received.get(key.lower(), 0) for key in BOUND]
    periods = [month_period(FIRST.shifted(number)) for number in range(months)]
    with hospital.runtime.reading() as session:
        unaltered = sum(leaderboards.is_unaltered(session, "monthly", period) for period in periods)
        boards = session.query(Leaderboard).count()
        stored = Counter(receipt for (receipt,) in session.query(Rating.receipt))
        on_boards = [_difference(session, period) for period in periods]
    return {
        "boards": boards,
        "unaltered": unaltered,
        "queued": sum(states(hospital).values()),
        "fewest": min(counts),
        "most": max(counts),
        "lost": sum(stored[one] != 1 for one in receipts),
        "elsewhere": sum(on_boards),
    }


def _difference(session: Any, period: Period) -> int:
    """Ratings that say they count for this month, and those that its frozen board has; the machine's own tests are neither."""
    board = leaderboards.load(session, "monthly", period)
    on_it = {row.key: row.valid + sum(row.not_counted.values()) for result in board.results for row in result.rows}
    real = session.query(Rating).filter(Rating.period == str(period), Rating.status != CANARY)
    there = Counter(one.service_point.key for one in real)
    return sum(abs(there[key] - on_it.get(key, 0)) for key in {*there, *on_it})
