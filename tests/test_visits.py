"""One visit, one rating: tickets, repeats, races, and forgetting who was who."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from feedback_app import clock
from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.db.ratings import Rating
from feedback_app.db.visits import LinkKey, Nullifier
from feedback_app.domain import tickets as texts
from feedback_app.domain.cycles import Period
from feedback_app.domain.tickets import MOST_A_MINUTE, Slip
from feedback_app.errors import Gone, NotFound, Refused
from feedback_app.services import codes, star_facts, tickets, verification, visits
from feedback_app.services.ratings import Accepted, Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.visits import Arrival
from tests.conftest import NOON

KEY = b"k" * 32
Send = Callable[..., Accepted]
Points = Callable[[str], ServicePoint]


@pytest.fixture
def send(runtime: Runtime, point: Points) -> Send:
    """Accept one rating of W03: ``send(score, rater=…, ticket=…, device=…)``."""
    count = iter(range(10_000))

    def accept(
        score: int = 5,
        *,
        rater: str | None = None,
        key: str = "W03",
        channel: str = "form",
        ticket: str = "",
        device: str = "",
    ) -> Accepted:
        submission = Submission(point(key).id, score, channel, f"k{next(count)}", rater_hash=rater)
        arrival = Arrival(ticket=ticket, device=device)
        with runtime.transaction() as session:
            return visits.accept(session, runtime.vault, submission, arrival, zone=runtime.zone, now=runtime.now())

    return accept


@pytest.fixture
def slips(runtime: Runtime) -> tuple[str, ...]:
    with runtime.transaction() as session:
        return tickets.make(
            session, runtime.vault, "window", "W03", count=30, by="test", zone=runtime.zone, now=runtime.now()
        ).slips


def problems(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        found = verification.problems(session, runtime.vault, runtime.now())
        return [one.where for one in found if one.what != "entry_waiting"]  # no worker gives places here


def later(runtime: Runtime, **by: float) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(**by))


@given(st.integers(1, 32**4 - 1), st.integers(1, 1000), st.data())
def test_a_slip_reads_back_and_no_changed_one_does(batch: int, number: int, data: st.DataObject) -> None:
    written = texts.make_slip(Slip(batch, number), KEY)
    assert texts.read_slip(texts.grouped(written).lower(), KEY) == Slip(batch, number)
    place = data.draw(st.integers(0, len(written) - 1))
    sign = data.draw(st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
    changed = written[:place] + sign + written[place + 1 :]
    assert changed == written or texts.read_slip(changed, KEY) is None
    assert texts.read_slip(written, b"x" * 32) is None


@given(st.integers(-5, 30))
def test_a_screen_code_holds_for_ten_minutes_and_there_only(minutes: int) -> None:
    shown = texts.make_screen(7, texts.minute_of(NOON), KEY)
    held = texts.read_screen(shown, 7, NOON + timedelta(minutes=minutes), KEY)
    assert (held is not None) == (-1 <= minutes <= 10)
    assert texts.read_screen(shown, 8, NOON, KEY) is None


@pytest.mark.parametrize("level", [1, 5])
def test_the_second_of_a_day_gets_a_receipt_and_does_not_count(runtime: Runtime, send: Send, level: int) -> None:
    first, second = send(3, device="d" * 20), send(level, device="d" * 20)
    other = send(level, device="d" * 20, key="W01")
    assert (first.counted, second.status, second.why_not, other.counted) == (True, "repeat", "same_day", True)
    assert len(second.receipt) == 10
    later(runtime, days=1)
    assert send(level, device="d" * 20).counted
    assert problems(runtime) == []


def test_without_a_ticket_two_of_a_month_count(runtime: Runtime, send: Send) -> None:
    outcomes = []
    for _ in range(4):
        outcomes.append(send(5, rater="r" * 64).why_not)
        later(runtime, days=1)
    assert outcomes == ["", "", "same_month", "same_month"]
    later(runtime, days=10)  # December
    assert send(5, rater="r" * 64).counted


def test_by_message_the_second_replaces_the_first_and_withdrawing_makes_room(runtime: Runtime, send: Send) -> None:
    first = send(1, rater="r" * 64, channel="bot")
    second = send(4, rater="r" * 64, channel="bot")
    assert (second.counted, second.replaced) == (True, True)
    with runtime.reading() as session:
        old, new = session.query(Rating).order_by(Rating.id)
        assert (old.status, new.status, new.replaces) == ("replaced", "counted", first.receipt)
    assert problems(runtime) == []


def test_a_slip_verifies_once_and_only_its_own_place(runtime: Runtime, send: Send, slips: tuple[str, ...]) -> None:
    first, again, elsewhere = send(2, ticket=slips[0]), send(5, ticket=slips[0]), send(5, ticket=slips[1], key="W01")
    assert (first.verified, first.counted) == (True, True)
    assert (again.status, again.why_not) == ("repeat", "same_slip")
    assert (elsewhere.counted, elsewhere.verified) == (True, False)
    # two visits of one person on one day are two ratings, and the day has no room for one without a slip
    assert send(5, ticket=slips[2], rater="r" * 64).verified and send(5, ticket=slips[3], rater="r" * 64).verified
    assert send(5, rater="r" * 64).why_not == "same_day"
    assert problems(runtime) == []


def test_old_and_revoked_slips_verify_nothing_but_refuse_nobody(
    runtime: Runtime, send: Send, slips: tuple[str, ...]
) -> None:
    later(runtime, days=31)
    assert (send(ticket=slips[0]).counted, send(ticket=slips[1]).verified) == (True, False)
    with runtime.transaction() as session:
        fresh = tickets.make(
            session, runtime.vault, "window", "W03", count=1, by="t", zone=runtime.zone, now=runtime.now()
        )
        tickets.revoke(session, fresh.id, by="t", now=runtime.now())
        with pytest.raises(NotFound):
            tickets.revoke(session, 999, by="t", now=runtime.now())
        with pytest.raises(NotFound):
            tickets.make(session, runtime.vault, "window", "W99", count=1, by="t", zone=runtime.zone, now=runtime.now())
        with pytest.raises(Refused):
            tickets.make(session, runtime.vault, "window", "W03", count=0, by="t", zone=runtime.zone, now=runtime.now())
    assert not send(ticket=fresh.slips[0]).verified


def test_a_screen_code_lets_in_a_few_visitors_each_once(runtime: Runtime, send: Send, point: Points) -> None:
    code = texts.make_screen(point("W03").id, texts.minute_of(runtime.now()), runtime.vault.key("tickets"))
    one = send(4, ticket=code, device="a" * 20)
    same = send(4, ticket=code, device="a" * 20)
    assert (one.verified, same.why_not) == (True, "same_day")
    others = [send(4, ticket=code) for _ in range(MOST_A_MINUTE + 3)]
    assert Counter(other.verified for other in others) == {True: MOST_A_MINUTE - 1, False: 4}


@pytest.mark.parametrize("what", ["device", "ticket", "rater"])
def test_of_twenty_at_the_same_moment_one_counts(runtime: Runtime, send: Send, what: str) -> None:
    rounds = 5  # tests/test_side_by_side.py does it in processes of their own, bench/races.py a thousand times
    with runtime.transaction() as session:
        batch = tickets.make(
            session, runtime.vault, "window", "W03", count=rounds, by="t", zone=runtime.zone, now=runtime.now()
        )
    with ThreadPoolExecutor(20) as pool:
        for turn in range(rounds):
            value = batch.slips[turn] if what == "ticket" else f"{what}{turn:020}"
            got = list(pool.map(lambda n, value=value: send(n % 5 + 1, **{what: value}), range(20)))
            assert Counter(one.status for one in got) == {"counted": 1, "repeat": 19}, turn
            assert len({one.receipt for one in got}) == 20


def test_the_same_submission_twice_is_no_repeat(runtime: Runtime, point: Points) -> None:
    submission = Submission(point("W03").id, 5, "form", "same")
    arrival = Arrival(device="d" * 20)
    got = []
    for sent in (submission, replace(submission, score=1)):
        with runtime.transaction() as session:
            got.append(visits.accept(session, runtime.vault, sent, arrival, zone=runtime.zone, now=runtime.now()))
    assert [(one.receipt, one.score, one.status) for one in got] == [(got[0].receipt, 5, "counted")] * 2


def test_what_does_not_count_cannot_be_made_to_count_unseen(runtime: Runtime, send: Send) -> None:
    first, second = send(1, device="d" * 20), send(5, device="d" * 20)
    assert problems(runtime) == []
    edits = {
        "status = 'counted', why_not = ''": second.receipt,
        "why_not = 'other'": second.receipt,
        "verified = true, verified_how = 'slip'": first.receipt,
        "received_at = '2026-11-20 22:00:00'": first.receipt,
        "replaces = 'X'": first.receipt,
    }
    for change, receipt in edits.items():
        with runtime.database.engine.connect() as connection, Session(connection) as session:
            session.execute(text(f"UPDATE ratings SET {change} WHERE receipt = :receipt"), {"receipt": receipt})
            found = [one.where for one in verification.problems(session, runtime.vault, runtime.now())]
            session.rollback()
        assert found == [f"rating:{receipt}"], change
    # nor can the decision be handed to another rating
    with runtime.transaction() as session:
        entry = session.query(Evidence).filter_by(kind="repeat").one()
        entry.subject = f"rating:{first.receipt}"
        one, two = session.query(Rating).order_by(Rating.id)
        one.status, one.why_not, two.status, two.why_not = two.status, two.why_not, one.status, one.why_not
    assert problems(runtime) == [f"rating:{first.receipt}"]


def test_after_the_appeal_time_nobody_can_link(runtime: Runtime, send: Send) -> None:
    send(4, rater="r" * 64, device="d" * 20)
    with runtime.transaction() as session:
        assert visits.forget(session, link_days=60, zone=runtime.zone, now=runtime.now()) == []
        session.query(Rating).one()
    later(runtime, days=10 + 61)
    with runtime.transaction() as session:
        assert visits.forget(session, link_days=60, zone=runtime.zone, now=runtime.now()) == ["2026-11"]
        assert visits.forget(session, link_days=60, zone=runtime.zone, now=runtime.now()) == []
    with runtime.reading() as session:
        rating, key = session.query(Rating).one(), session.query(LinkKey).one()
        assert (rating.rater_hash, rating.device_hash, key.key_sealed, session.query(Nullifier).count()) == (
            None, None, "", 0,
        )  # fmt: skip
        assert rating.status == "counted"
    assert problems(runtime) == []


def test_boards_see_what_is_verified_and_what_repeats(
    runtime: Runtime, send: Send, slips: tuple[str, ...], point: Points
) -> None:
    for slip in slips[:3]:
        send(5, ticket=slip)
    send(4), send(1, ticket=slips[0])
    with runtime.reading() as session:
        facts = star_facts.facts_by_point(session, Period.parse("2026-11"), 3)[point("W03").id]
    assert [(one.score, one.count, one.verified) for one in facts.ratings] == [(4, 1, False), (5, 3, True)]
    assert facts.not_counted == {"repeat": 1}


def rate(client: FlaskClient, path: str, **answers: str) -> str:
    page = client.get(path).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = client.post(path.partition("?")[0], data={**fields, "overall": "2", **answers})
    return client.get(answer.location).text if answer.status_code == 303 else answer.text


def test_on_the_web_a_slip_is_scanned_or_typed(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], slips: tuple[str, ...]
) -> None:
    place = f"/s/{code('W03')}"
    assert "小票" in client.get(place).text
    assert "已认出您的就诊小票" in client.get(f"{place}?v={slips[0]}").text
    assert "已记入3号收费窗口" in rate(client, f"{place}?v={slips[0]}")
    assert "请再看一眼" in rate(client, place, slip="0001-0001-AAAA-AA")
    assert "已记入3号收费窗口" in rate(client, place, slip=texts.grouped(slips[1]).lower())
    page = rate(client, place)
    assert "之前已经记入" in page and "满意" not in re.sub(r"<details.*?</details>", "", page, flags=re.S)
    with runtime.reading() as session:
        rows = session.query(Rating).order_by(Rating.id).all()
    assert [(one.status, one.verified_how) for one in rows] == [
        ("counted", "slip"),
        ("counted", "slip"),
        ("repeat", ""),
    ]
    check = client.get(f"/evidence/check/{rows[2].receipt}").text
    assert "这一条不另算" in check
    assert client.get(f"/r/{rows[2].receipt}").status_code == 200


def test_the_screen_of_a_window_needs_its_own_key(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    text = code("W03")
    address = tickets.screen_address(runtime.vault, "", text)
    page = client.get(address)
    assert page.status_code == 200 and "<svg" in page.text and page.headers["Refresh"] == "20"
    assert client.get(f"/window/{text}/now").status_code == 410
    with runtime.reading() as session:
        shown = tickets.screen(session, runtime.vault, text, address[-24:], runtime.now())
        with pytest.raises(Gone):
            tickets.screen(session, runtime.vault, text, "x", runtime.now())
    assert "已记入3号收费窗口" in rate(client, f"/s/{text}?v={shown.ticket}")
    with runtime.reading() as session:
        assert session.query(Rating).one().verified_how == "screen"


def test_codes_still_lead_to_forms(runtime: Runtime, client: FlaskClient, code: Callable[[str], str]) -> None:
    assert codes.is_ours(runtime.vault, code("W03"))
    assert client.get(f"/s/{code('W03')}?v=").status_code == 200
