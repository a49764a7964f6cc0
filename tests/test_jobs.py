"""The worker: what is due is done once, by whichever process comes first, and missed days are caught up."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from feedback_app import clock, jobs
from feedback_app.db.accounts import SignIn
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.jobs.collecting import collected
from feedback_app.jobs.duties import Duties
from feedback_app.jobs.work import cases
from feedback_app.services import evidence, outbox, periodic, ratings, sign_ins, verification
from feedback_app.services.deliveries import SENT, Outcome, Outgoing
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

Lookup = Callable[[str], ServicePoint]


class Postbox:
    """A channel that keeps what it was given."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    def deliver(self, message: Outgoing) -> Outcome:
        self.taken.append(message)
        return Outcome(SENT)


class Broken:
    def deliver(self, message: Outgoing) -> Outcome:
        raise OSError("a channel that breaks its promise")


def queue(runtime: Runtime, point: ServicePoint, count: int) -> None:
    with runtime.transaction() as session:
        for number in range(count):
            outbox.put(
                session,
                dedupe_key=f"k{number}",
                purpose="star_result",
                channel="wecom",
                recipient=runtime.vault.seal("d01"),
                payload={"title": "t", "text": "x"},
                now=runtime.now(),
                service_point_id=point.id,
            )


def test_everything_due_is_delivered_in_order_and_once(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"), 45)
    box = Postbox()
    worker = jobs.Worker(runtime, {"wecom": box})
    assert (worker.deliver(), worker.deliver()) == (45, 0)
    assert [message.dedupe_key for message in box.taken] == [f"k{number}" for number in range(45)]


def test_a_channel_that_raises_leaves_the_message_unknown(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"), 1)
    assert jobs.Worker(runtime, {"wecom": Broken()}).deliver() == 1
    with runtime.reading() as session:
        assert session.query(OutboxMessage).one().state == "unknown"


def test_a_stopped_worker_sends_nothing_more(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"), 3)
    stop = threading.Event()
    stop.set()
    box = Postbox()
    assert (jobs.Worker(runtime, {"wecom": box}, stop).deliver(), box.taken) == (0, [])


def test_daily_work_is_done_once_by_any_number_of_workers(runtime: Runtime) -> None:
    done: list[datetime] = []

    def work(_session: Session, _runtime: Runtime, now: datetime) -> None:
        done.append(now)

    duties = Duties({"counting": work}, (), ())
    workers = [jobs.Worker(runtime, {}, duties=duties) for _ in range(3)]
    threads = [threading.Thread(target=worker.tick) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(days=1))
    for worker in workers:
        worker.tick()
    assert len(done) == 2


def test_daily_work_that_fails_is_tried_again(runtime: Runtime) -> None:
    tries: list[int] = []
    others: list[int] = []

    def work(_session: Session, _runtime: Runtime, _now: datetime) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("the disk was full")

    worker = jobs.Worker(runtime, {}, duties=Duties({"unlucky": work, "next": lambda *_: others.append(1)}, (), ()))
    with pytest.raises(OSError, match="disk"):
        worker.tick()
    assert others == [1], "what failed keeps nothing else from being done"
    worker.tick()
    worker.tick()
    assert (len(tries), others) == (2, [1])


def test_a_tick_says_who_is_alive_and_removes_what_is_over(runtime: Runtime, point: Lookup) -> None:
    with runtime.transaction() as session:
        sign_ins.start(session, "staff", point("D01").id, runtime.now() - timedelta(days=2))
    worker = jobs.Worker(runtime, {})
    worker.tick()
    with runtime.reading() as session:
        assert periodic.alive(session, runtime.now()) == [worker.name]
        assert session.query(SignIn).count() == 0
    worker.leave()
    with runtime.reading() as session:
        assert periodic.alive(session, runtime.now()) == []


def test_the_worker_runs_until_told_to_stop(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"), 2)
    stop, box = threading.Event(), Postbox()

    class Last(Postbox):
        def deliver(self, message: Outgoing) -> Outcome:
            outcome = box.deliver(message)
            if len(box.taken) == 2:
                stop.set()
            return outcome

    jobs.run_worker(runtime, {"wecom": Last()}, stop)
    with runtime.reading() as session:
        states = [message.state for message in session.query(OutboxMessage)]
    assert states == ["sent", "sent"]


def test_the_month_is_closed_once_at_midnight_and_missed_ones_are_caught_up(runtime: Runtime, point: Lookup) -> None:
    with runtime.transaction() as session:
        submission = Submission(point_id=point("W03").id, score=5, channel="form", idempotency_key="k")
        ratings.submit(session, submission, zone=runtime.zone, now=runtime.now())
    worker = jobs.Worker(runtime, {})
    clock_file = Path(runtime.settings.sandbox.clock_file)
    for told, closed in (
        ("2026-11-30T23:59:50+08:00", []),
        ("2026-12-01T00:00:00+08:00", ["2026-11"]),
        ("2027-02-03T07:00:00+08:00", ["2026-11", "2026-12", "2027-01"]),
    ):
        clock.move(clock_file, datetime.fromisoformat(told))
        for one in (worker, jobs.Worker(runtime, {})):
            one.tick()
        with runtime.reading() as session:
            assert [board.period for board in session.query(Leaderboard).order_by(Leaderboard.period)] == closed
            assert session.query(OutboxMessage).count() == 0, "closing sends nothing"


def test_accepted_ratings_get_their_place_in_the_evidence_log(runtime: Runtime, point: Lookup) -> None:
    with runtime.transaction() as session:
        submission = Submission(point_id=point("W03").id, score=5, channel="form", idempotency_key="k")
        accepted = ratings.submit(session, submission, zone=runtime.zone, now=runtime.now())
    jobs.Worker(runtime, {}).tick()
    with runtime.reading() as session:
        proof = evidence.prove(session, runtime.vault, evidence.rating_subject(accepted.receipt))
        assert proof.inclusion is not None
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []


def test_a_lease_has_one_holder_until_it_runs_out(runtime: Runtime) -> None:
    def hold(owner: str, at: datetime) -> bool:
        with runtime.transaction() as session:
            return periodic.hold(session, "evidence", owner, at)

    start = runtime.now()
    assert [hold("a", start), hold("b", start), hold("a", start)] == [True, False, True]
    assert hold("b", start + timedelta(seconds=61))
    assert hold("a", start - timedelta(days=30)), "after the clock was set back nobody waits for the future"


def test_two_duties_never_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert collected().daily
    monkeypatch.setattr(cases, "DAILY", {**cases.DAILY, "close": cases.DAILY["case_tasks"]})
    with pytest.raises(ValueError, match="same name"):
        collected()
