"""From rating to push over real processes: closing sends nothing, publishing sends once, in working hours."""

from collections.abc import Mapping

import pytest

from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.platform import JobRun
from tests.journeys.conftest import Running

pytestmark = pytest.mark.journey
BOUND = ("D01", "D02", "N01")
RATINGS = 32  # a board needs 30


def closed(hospital: Running) -> list[str]:
    with hospital.runtime.reading() as session:
        return [board.period for board in session.query(Leaderboard).order_by(Leaderboard.period)]


def states(hospital: Running) -> list[str]:
    with hospital.runtime.reading() as session:
        return sorted(message.state for message in session.query(OutboxMessage).filter_by(purpose="star_result"))


def has_had_its_day(hospital: Running, day: str) -> bool:
    """Whether a worker has done the daily work of that day: then it has looked at everything since."""
    with hospital.runtime.reading() as session:
        return session.get(JobRun, ("housekeeping", day)) is not None


def on_phones(hospital: Running) -> Mapping[str, int]:
    return {userid: count for userid, count in hospital.phones.counts().received.get("userid", {}).items() if count}


def test_from_rating_to_push(hospital: Running) -> None:
    hospital.bind(*BOUND)
    doctor, window = hospital.address_of("D01"), hospital.address_of("W03")
    receipts = {hospital.rate(doctor, 5, "讲得很清楚，谢谢" if number == 3 else "") for number in range(RATINGS)}
    receipts.add(hospital.rate(window, 2, "等得久"))
    assert len(receipts) == RATINGS + 1

    hospital.set_clock("2026-12-01T00:00:00+08:00")
    hospital.until(lambda: closed(hospital) == ["2026-11"], "the worker closes November at midnight")
    assert (states(hospital), on_phones(hospital)) == ([], {}), "closing sends nothing"

    release = ("stars", "publish", "--award", "monthly", "--period", "2026-11", "--by", "王主任")
    published = hospital.command(*release)
    assert published.returncode == 0, published.stderr
    assert states(hospital) == ["queued"] * len(BOUND)
    hospital.set_clock("2026-12-01T08:29:00+08:00")
    assert on_phones(hospital) == {}, "nobody is woken up"

    hospital.set_clock("2026-12-01T08:30:01+08:00")
    hospital.until(lambda: states(hospital) == ["sent"] * len(BOUND), "the worker delivers in working hours")
    assert on_phones(hospital) == {key.lower(): 1 for key in BOUND}
    [told] = hospital.phones.received(userid="d01")
    assert "32" in told.text
    assert "讲得很清楚" in told.text
    assert "D02" not in told.text and "张敏" not in told.text

    assert hospital.command("stars", "close", "--award", "monthly", "--period", "2026-11").returncode == 0
    assert hospital.command(*release).returncode == 0
    hospital.start("worker-2", "work")
    hospital.set_clock("2026-12-02T09:00:00+08:00")
    hospital.until(lambda: has_had_its_day(hospital, "2026-12-02"), "the workers have looked again")
    assert states(hospital) == ["sent"] * len(BOUND)
    assert on_phones(hospital) == {key.lower(): 1 for key in BOUND}
    verified = hospital.command("verify")
    assert verified.returncode == 0, verified.stdout
