"""Writers in several processes at once: every chain, number and limit holds, on both databases."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from feedback_app.db.codes import Code
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating, lock_month
from feedback_app.services import audit, codes, evidence, outbox, periodic, ratings, tickets, verification, visits
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.visits import Arrival
from tests.side_by_side import Writer, run

pytestmark = pytest.mark.both_databases

WRITERS = 8
TURNS = 6
ROUNDS = 10


def write_everything(writer: Writer, point_id: int) -> list[str]:
    """What web workers and worker processes do, in turns, all at the same service point."""
    runtime, given = writer.runtime, []
    for turn in range(TURNS):
        writer.meet()
        now, name = runtime.now(), f"{writer.number}-{turn}"
        submission = Submission(point_id, turn % 5 + 1, "form", f"key-{name}", comment="等", contact_sealed="x")
        with runtime.transaction() as session:
            accepted = visits.accept(session, runtime.vault, submission, Arrival(), zone=runtime.zone, now=now)
            given.append(accepted.receipt)
        with runtime.transaction() as session:
            audit.write(session, actor=name, action="looked", now=now)
            codes.issue(session, runtime.vault, session.get_one(ServicePoint, point_id), now)
            outbox.put(session, dedupe_key=f"turn {turn}", purpose="p", channel="c", recipient="r", payload={}, now=now)
        with runtime.transaction() as session:
            if periodic.hold(session, "evidence", str(writer.number), now):
                evidence.give_places(session)
                evidence.sign_head(session, runtime.vault, now)
    return given


def test_eight_processes_write_and_every_chain_holds(runtime: Runtime, point: Callable[[str], ServicePoint]) -> None:
    given = run(write_everything, runtime.settings, point("W03").id, processes=WRITERS)
    receipts = [receipt for one in given for receipt in one]
    assert len(set(receipts)) == WRITERS * TURNS
    with runtime.transaction() as session:
        evidence.give_places(session)
    with runtime.reading() as session:
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []
        assert {one.receipt for one in session.query(Rating)} == set(receipts)
        assert sorted(one.position for one in session.query(Evidence) if one.position is not None) == [
            *range(WRITERS * TURNS)
        ]
        numbers = sorted(str(one.number) for one in session.query(Case))
        assert len(numbers) == len(set(numbers)) == WRITERS * TURNS
        for letter, count in Counter(number[0] for number in numbers).items():
            assert [f"{letter}-2611-{n:04d}" for n in range(1, count + 1)] == [n for n in numbers if n[0] == letter]
        assert session.query(Code).filter_by(service_point_id=point("W03").id, status="active").count() == 1
        assert session.query(OutboxMessage).filter_by(purpose="p").count() == TURNS


def rate_with(writer: Writer, told: tuple[int, Sequence[Submission], Sequence[Arrival]]) -> list[tuple[str, str]]:
    """In each round the same ticket, device or key as all the others at the same moment."""
    point_id, submissions, arrivals = told
    runtime, got = writer.runtime, []
    for turn, (submission, arrival) in enumerate(zip(submissions, arrivals, strict=True)):
        key = submission.idempotency_key or f"{writer.number}-{turn}"
        sent = Submission(point_id, writer.number % 5 + 1, submission.channel, key, rater_hash=submission.rater_hash)
        writer.meet()
        with runtime.transaction() as session:
            done = visits.accept(session, runtime.vault, sent, arrival, zone=runtime.zone, now=runtime.now())
        got.append((done.receipt, done.status))
    return got


def at_once(runtime: Runtime, *told: Any) -> list[list[tuple[str, str]]]:
    """What twenty writers got in each round."""
    return [list(turn) for turn in zip(*run(rate_with, runtime.settings, told, processes=5, threads=4), strict=True)]


def test_of_twenty_with_one_ticket_or_device_one_counts(runtime: Runtime, point: Callable[[str], ServicePoint]) -> None:
    with runtime.transaction() as session:
        batch = tickets.make(
            session, runtime.vault, "window", "W03", count=ROUNDS, by="t", zone=runtime.zone, now=runtime.now()
        )
    shown = [Arrival(ticket=slip) for slip in batch.slips] + [Arrival(device=f"d{n:020}") for n in range(ROUNDS)]
    for turn in at_once(runtime, point("W03").id, [Submission(0, 1, "form", "")] * len(shown), shown):
        assert Counter(status for _, status in turn) == {"counted": 1, "repeat": 19}
        assert len({receipt for receipt, _ in turn}) == 20


def test_of_twenty_with_one_key_one_is_stored(runtime: Runtime, point: Callable[[str], ServicePoint]) -> None:
    sent = [Submission(0, 1, "form", f"key-{n}") for n in range(ROUNDS)]
    for turn in at_once(runtime, point("W03").id, sent, [Arrival()] * ROUNDS):
        assert len(set(turn)) == 1
    with runtime.reading() as session:
        assert session.query(Rating).count() == ROUNDS


def test_of_twenty_second_thoughts_in_the_chat_the_last_stands(
    runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    sent = [Submission(0, 1, "bot", "", rater_hash=f"{n:064}") for n in range(3)]
    for turn in at_once(runtime, point("W03").id, sent, [Arrival()] * 3):
        assert {status for _, status in turn} == {"counted"}
    with runtime.reading() as session:
        stand = Counter(one.rater_hash for one in session.query(Rating).filter_by(status="counted"))
        assert list(stand.values()) == [1, 1, 1]
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []


def test_whoever_closes_a_month_sees_the_rating_that_was_being_written(
    runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    written, asked = Event(), Event()
    sent = Submission(point("W03").id, 1, "form", "late")

    def write() -> None:
        with runtime.transaction() as session:
            ratings.submit(session, sent, zone=runtime.zone, now=runtime.now())
            written.set()
            assert asked.wait(30)

    def close() -> int:
        assert written.wait(30)
        asked.set()  # from now on the writer may commit; it has not yet
        with runtime.transaction() as session:
            lock_month(session, "2026-11", to_close=True)
            return session.query(Rating).count()

    with ThreadPoolExecutor(2) as pool:
        writing, closing = pool.submit(write), pool.submit(close)
        writing.result(60)
        assert closing.result(60) == 1
