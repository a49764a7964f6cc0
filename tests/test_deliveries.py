"""What happens to a message between the outbox and the platform, also when processes die in the middle."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from feedback_app import clock
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Binding
from feedback_app.services import deliveries, outbox, reasons
from feedback_app.services.deliveries import FAILED, RETRY, SENT, UNKNOWN, Outcome, Outgoing
from feedback_app.services.runtime import Runtime
from tests.conftest import NOON

Lookup = Callable[[str], ServicePoint]
ME = "worker-1"


def queue(runtime: Runtime, point: ServicePoint, key: str = "k1", channel: str = "wecom") -> None:
    with runtime.transaction() as session:
        outbox.put(
            session,
            dedupe_key=key,
            purpose="star_result",
            channel=channel,
            recipient=runtime.vault.seal("d01") if channel != "wecom_group" else "complaints",
            payload={"title": "t", "text": "x"},
            now=runtime.now(),
            service_point_id=point.id,
        )


def claim(runtime: Runtime, owner: str = ME, limit: int = 10) -> list[Outgoing]:
    with runtime.transaction() as session:
        return deliveries.claim(
            session, runtime.vault, owner, runtime.now(), limit, channels=("wecom", "wecom_group", "mail")
        )


def start(runtime: Runtime, outgoing: Outgoing, owner: str = ME) -> bool:
    with runtime.transaction() as session:
        return deliveries.start(session, outgoing, owner, runtime.now())


def record(runtime: Runtime, outgoing: Outgoing, outcome: Outcome, owner: str = ME) -> bool:
    with runtime.transaction() as session:
        return deliveries.record(
            session, outgoing, outcome, owner=owner, settings=runtime.settings.deliveries, now=runtime.now()
        )


def reap(runtime: Runtime, idempotent: tuple[str, ...] = ()) -> int:
    with runtime.transaction() as session:
        return deliveries.reap(session, runtime.now(), idempotent=idempotent)


def later(runtime: Runtime, **by: float) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(**by))


def stored(runtime: Runtime) -> list[OutboxMessage]:
    with runtime.reading() as session:
        return session.query(OutboxMessage).order_by(OutboxMessage.id).all()


def test_a_message_is_claimed_unsealed_sent_and_never_claimed_again(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    assert (outgoing.recipient, outgoing.payload["text"]) == ("d01", "x")
    assert start(runtime, outgoing)
    assert record(runtime, outgoing, Outcome(SENT))
    later(runtime, days=9)
    assert (claim(runtime), reap(runtime)) == ([], 0)
    [message] = stored(runtime)
    assert (message.state, message.attempts, message.sent_at is not None) == ("sent", 1, True)


def test_the_same_key_is_queued_once(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    queue(runtime, point("D01"))
    assert len(stored(runtime)) == 1


def test_claimers_in_parallel_never_get_the_same_message(runtime: Runtime, point: Lookup) -> None:
    for number in range(60):
        queue(runtime, point("D01"), key=f"k{number}")
    taken: list[int] = []

    def work(owner: str) -> None:
        while batch := claim(runtime, owner, limit=7):
            taken.extend(message.id for message in batch)

    threads = [threading.Thread(target=work, args=(f"worker-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60


def test_killed_between_claim_and_send_it_is_queued_again(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    assert reap(runtime) == 0
    later(runtime, seconds=61)
    assert not start(runtime, outgoing), "the lease ran out: it must not be sent by the old holder"
    assert reap(runtime) == 1
    assert [message.id for message in claim(runtime, "worker-2")] == [outgoing.id]


def test_killed_between_send_and_record_it_is_unknown_and_stays_so(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    later(runtime, seconds=61)
    assert reap(runtime) == 1
    later(runtime, days=3)
    assert (claim(runtime), stored(runtime)[0].state) == ([], "unknown")


def test_on_an_idempotent_channel_it_is_sent_again(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    later(runtime, seconds=61)
    reap(runtime, idempotent=("wecom",))
    assert [message.id for message in claim(runtime)] == [outgoing.id]


def test_a_slow_sender_may_still_say_what_happened_after_the_reaper(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    later(runtime, seconds=61)
    reap(runtime)
    assert not record(runtime, outgoing, Outcome(SENT), owner="somebody-else")
    assert record(runtime, outgoing, Outcome(SENT))
    assert stored(runtime)[0].state == "sent"


def test_retries_wait_longer_each_time_and_end(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    waits = []
    for _ in range(7):
        [outgoing] = claim(runtime)
        start(runtime, outgoing)
        record(runtime, outgoing, Outcome(RETRY, "busy"))
        waits.append(round((stored(runtime)[0].not_before - runtime.now()).total_seconds(), -0))
        later(runtime, seconds=waits[-1] + 1)
    assert [round(wait) for wait in waits] == [5, 30, 120, 600, 3600, 3600, 3600]
    later(runtime, hours=72)
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    record(runtime, outgoing, Outcome(RETRY, "busy"))
    assert (stored(runtime)[0].state, stored(runtime)[0].last_error) == (
        "failed",
        reasons.because("deliveries.reasons.gave_up", "busy", tries=8),
    )


def test_the_platform_may_say_when_to_come_back(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    record(runtime, outgoing, Outcome(RETRY, "rate", retry_after=77))
    assert 75 <= (stored(runtime)[0].not_before - runtime.now()).total_seconds() <= 77


@pytest.mark.parametrize("state", [FAILED, UNKNOWN])
def test_terminal_states_are_terminal(runtime: Runtime, point: Lookup, state: str) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    record(runtime, outgoing, Outcome(state, "why"))
    later(runtime, days=1)
    assert (claim(runtime), stored(runtime)[0].state) == ([], state)


def bind(runtime: Runtime, point: ServicePoint, channel: str, address: str) -> None:
    with runtime.transaction() as session:
        session.add(
            Binding(
                service_point_id=point.id,
                channel=channel,
                address_sealed=runtime.vault.seal(address),
                address_hash=address,
                bound_at=NOON,
            )
        )


def test_a_failed_channel_hands_over_to_the_next_one_once(runtime: Runtime, point: Lookup) -> None:
    bind(runtime, point("D01"), "mail", "zhangwei@qingshan.example")
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    record(runtime, outgoing, Outcome(FAILED, "nobody"))
    [second] = claim(runtime)
    assert (second.channel, second.recipient) == ("mail", "zhangwei@qingshan.example")
    start(runtime, second)
    record(runtime, second, Outcome(FAILED, "bounced"))
    assert (claim(runtime), len(stored(runtime))) == ([], 2)


def test_unknown_does_not_hand_over(runtime: Runtime, point: Lookup) -> None:
    bind(runtime, point("D01"), "mail", "zhangwei@qingshan.example")
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    record(runtime, outgoing, Outcome(UNKNOWN))
    assert len(stored(runtime)) == 1


def test_a_group_name_is_not_sealed(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"), channel="wecom_group")
    assert [message.recipient for message in claim(runtime)] == ["complaints"]


def test_a_channel_that_is_not_set_up_waits_then_fails(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"), channel="official_account")
    assert claim(runtime) == []
    for hours, count in ((71, 0), (2, 1)):
        later(runtime, hours=hours)
        with runtime.transaction() as session:
            expired = deliveries.expire_unservable(session, ("wecom",), runtime.settings.deliveries, runtime.now())
        assert expired == count
    assert stored(runtime)[0].last_error == reasons.coded("deliveries.reasons.not_set_up")


def test_what_was_sealed_with_another_key_fails_alone(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    with runtime.transaction() as session:
        session.query(OutboxMessage).one().recipient = "not-ours"
    queue(runtime, point("D02"), key="k2")
    assert [message.dedupe_key for message in claim(runtime)] == ["k2"]
    assert [message.state for message in stored(runtime)] == ["failed", "leased"]


def test_what_is_queued_for_a_leaver_is_called_off(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    with runtime.transaction() as session:
        assert deliveries.call_off(session, point("D01").id, "left") == 1
    assert not start(runtime, outgoing)


def test_a_repeat_that_could_show_twice_is_left_to_people(runtime: Runtime, point: Lookup) -> None:
    """The platform remembers a message for nine minutes: within them it is repeated, later never."""
    queue(runtime, point("D01"))
    states = []
    for _ in range(5):
        [outgoing] = claim(runtime)
        start(runtime, outgoing)
        record(runtime, outgoing, Outcome(RETRY, "busy", 120, 540))
        states.append(stored(runtime)[0].state)
        later(runtime, seconds=121)
    assert states == ["queued"] * 4 + ["unknown"]


def test_a_worker_that_was_away_does_not_repeat_what_may_be_out(runtime: Runtime, point: Lookup) -> None:
    queue(runtime, point("D01"))
    [outgoing] = claim(runtime)
    start(runtime, outgoing)
    record(runtime, outgoing, Outcome(RETRY, "busy", 30, 540))
    later(runtime, hours=1)
    assert claim(runtime) == []
    assert stored(runtime)[0].state == "unknown"
    assert "没有自动再发" in reasons.words(stored(runtime)[0].last_error, "zh")


def test_reasons_are_said_in_the_readers_language() -> None:
    inner = reasons.coded("wechat.reason.address", ip="10.1.2.3", number=40164)
    outer = reasons.because("deliveries.reasons.gave_up", inner, tries=8)
    assert "10.1.2.3" in reasons.words(outer, "zh") and "40164" in reasons.words(outer, "zh")
    assert reasons.words(outer, "en").startswith("Given up after 8 tries")
    assert reasons.words("成员不在可见范围", "en") == "成员不在可见范围"
    assert len(reasons.because("deliveries.reasons.gave_up", "x" * 500, tries=1)) <= reasons.LONGEST
    for odd in ("null", "[]", '{"is": 5}', '{"is": ["a"]}', "{"):
        assert reasons.words(odd, "zh") == odd
