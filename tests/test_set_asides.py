"""What the rules hold, what persons decide, and that neither can happen unseen or for the level's sake."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from feedback_app.db.directory import ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.db.ratings import Rating
from feedback_app.db.set_asides import SetAside
from feedback_app.domain.cycles import Period
from feedback_app.domain.stuffing import Weighed
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import (
    bindings,
    changes,
    own_ratings,
    ratings,
    set_asides,
    star_facts,
    stuffing,
    verification,
    visits,
)
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.visits import Arrival
from tests import postgres
from tests.console import sign_in, submit
from tests.waiting import until

Points = Callable[[str], ServicePoint]
Send = Callable[..., str]
NOVEMBER = Period.parse("2026-11")


@pytest.fixture
def send(runtime: Runtime, point: Points) -> Send:
    """Accept one rating of D01, so many hours ago; its receipt."""
    numbers = iter(range(10_000))

    def accept(
        hours: float = 0.0, score: int = 5, key: str = "D01", arrival: Arrival | None = None, **more: Any
    ) -> str:
        submission = Submission(point(key).id, score, "form", f"k{next(numbers)}", **more)
        now = runtime.now() - timedelta(hours=hours)
        with runtime.transaction() as session:
            return visits.accept(
                session, runtime.vault, submission, arrival or Arrival(), zone=runtime.zone, now=now
            ).receipt

    return accept


@pytest.fixture
def usual(send: Send) -> None:
    """Two a day for ten working days: what is usual at D01 is known."""
    for day in range(1, 11):
        for hours in (0, 2):
            send(24 * day + hours, score=1 + day % 5)


def watch(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        return stuffing.watch_open(session, runtime, runtime.now())


def statuses(runtime: Runtime) -> Counter[str]:
    with runtime.reading() as session:
        return Counter(one.status for one in session.query(Rating))


def problems(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        return [
            one.what
            for one in verification.problems(session, runtime.vault, runtime.now())
            if one.what != "entry_waiting"
        ]


def aside_of(runtime: Runtime, receipt: str) -> SetAside:
    with runtime.reading() as session:
        return session.query(SetAside).join(Rating).filter(Rating.receipt == receipt).one()


@pytest.mark.parametrize("score", [1, 5])
def test_a_burst_is_held_alike_whatever_its_level(runtime: Runtime, send: Send, usual: None, score: int) -> None:
    receipts = [send(1 - n / 60, score) for n in range(30)]
    assert watch(runtime) == 24  # six of a day are nothing odd where two are usual
    assert watch(runtime) == 0
    with runtime.reading() as session:
        held = session.query(Rating).filter_by(status="held").all()
        assert {one.why_not for one in held} == {"burst", "day"} and {one.receipt for one in held} <= set(receipts)
        facts = star_facts.facts_by_point(session, NOVEMBER, 1)
        [of_doctor] = facts.values()
        assert of_doctor.not_counted == {"held": 24}
        counts = set_asides.public_counts(session, ["2026-11"])
    assert counts == {"2026-11": {"counted": 26, "held": 24}}
    assert problems(runtime) == []


def test_where_nobody_knows_what_is_usual_people_are_shown_and_everything_counts(runtime: Runtime, send: Send) -> None:
    for n in range(30):
        send(1 - n / 60)
    assert watch(runtime) == 0
    assert statuses(runtime) == {"counted": 30}
    with runtime.reading() as session:
        assert set_asides.waiting(session) == {"noticed": 27}


def test_tickets_and_the_desk_where_paper_is_typed_in_are_left_alone(
    runtime: Runtime, send: Send, usual: None, point: Points
) -> None:
    for n in range(30):
        submission = Submission(
            point("D01").id, 4, "paper" if n % 2 else "form", f"p{n}", verified_how="slip" if n % 2 == 0 else ""
        )
        with runtime.transaction() as session:
            ratings.submit(session, submission, zone=runtime.zone, now=runtime.now())
    assert watch(runtime) == 0


def test_one_may_let_it_count_and_the_rule_does_not_come_back(runtime: Runtime, send: Send, usual: None) -> None:
    receipts = [send(1 - n / 60) for n in range(10)]
    watch(runtime)
    aside = aside_of(runtime, receipts[-1])
    with runtime.transaction() as session:
        set_asides.keep(session, aside.id, by="quality", now=runtime.now())
    assert watch(runtime) == 0
    with runtime.reading() as session:
        assert session.query(Rating).filter_by(receipt=receipts[-1]).one().status == "counted"
        last = session.query(Evidence).filter_by(subject=f"rating:{receipts[-1]}").order_by(Evidence.id).all()[-1]
        assert last.kind == "counted"
    assert problems(runtime) == []
    with pytest.raises(Conflict), runtime.transaction() as session:
        set_asides.keep(session, aside.id, by="quality", now=runtime.now())


def test_leaving_out_takes_two_and_says_who(runtime: Runtime, send: Send) -> None:
    receipt = send(3, 1)
    with runtime.transaction() as session:
        rating_id = ratings.id_of(session, receipt)
        for reason, words in (("", "不是这里的"), ("no_visit", "短"), ("low", "打得太低了")):
            with pytest.raises(Refused):
                set_asides.propose(session, rating_id, reason=reason, words=words, by="anna", now=runtime.now())
        aside = set_asides.propose(
            session, rating_id, reason="no_visit", words="没有来过", by="anna", now=runtime.now()
        )
        with pytest.raises(NotAllowed):
            set_asides.confirm(session, aside.id, by="anna", now=runtime.now())
    assert statuses(runtime) == {"counted": 1}  # until the second person agrees
    with runtime.transaction() as session:
        set_asides.confirm(session, aside.id, by="bert", now=runtime.now())
    assert statuses(runtime) == {"excluded": 1}
    with runtime.reading() as session:
        entry = session.query(Evidence).filter_by(kind="excluded").one()
        assert entry.shown == {"receipt": receipt, "for": "staff:D01", "month": "2026-11", "reason": "no_visit"}
    assert problems(runtime) == []
    for column, value in (("decided_by", "anna"), ("words", "别的"), ("proposed_by", "carl"), ("state", "kept")):
        with runtime.transaction() as session:
            row = session.query(SetAside).one()
            before = getattr(row, column)
            setattr(row, column, value)
        assert problems(runtime) == ["rating_set_aside_unseen"], column
        with runtime.transaction() as session:
            setattr(session.query(SetAside).one(), column, before)


def test_own_accounts_and_devices_of_staff(runtime: Runtime, send: Send, point: Points, usual: None) -> None:
    doctor, other = point("D01"), point("L02")
    app_id = runtime.settings.wechat.app_id
    with runtime.transaction() as session:
        bindings.bind(session, runtime.vault, doctor, "official_account", "openid-d01", now=runtime.now())
    by_account = send(rater_hash=runtime.vault.person("openid-d01", app_id))
    by_device = send(2, arrival=Arrival(device="d" * 20, staff=doctor.id))
    elsewhere = send(3, key="W03", arrival=Arrival(device="e" * 20, staff=doctor.id))
    desk = send(4, arrival=Arrival(device="f" * 20, staff=0))
    assert watch(runtime) == 2 and other.id
    for receipt in (by_account, by_device):
        assert aside_of(runtime, receipt).reasons[0] == "staff"
    with runtime.reading() as session:
        signs = {one.receipt: one.staff_sign for one in session.query(Rating)}
    assert (signs[elsewhere], signs[desk], signs[by_account]) == ("colleague", "colleague", "")


def test_writing_it_anew_does_not_get_it_out_of_hold(runtime: Runtime, send: Send, usual: None, point: Points) -> None:
    receipts = [send(1 - n / 60) for n in range(10)]
    watch(runtime)
    with runtime.transaction() as session:
        new = Submission(point("D01").id, 5, "form", "again")
        changed = changes.change(session, receipts[-1], new, zone=runtime.zone, now=runtime.now())
    assert (changed.status, changed.receipt) == ("held", receipts[-1])
    assert problems(runtime) == [] and watch(runtime) == 0


def test_of_two_thousand_genuine_ratings_none_is_refused_and_few_are_held(runtime: Runtime, point: Points) -> None:
    """Short version of bench/attacks.py: 200 here, with thirty fakes of one evening among them."""
    dice = random.Random(3)
    keys = ("D01", "D02", "N01", "W03")
    genuine = []
    for n in range(200):
        at = runtime.now() - timedelta(days=dice.randrange(18), minutes=dice.randrange(180))
        submission = Submission(point(keys[n % 4]).id, dice.randrange(1, 6), "form", f"g{n}")
        with runtime.transaction() as session:
            genuine.append(visits.accept(session, runtime.vault, submission, Arrival(), zone=runtime.zone, now=at))
    for n in range(30):
        submission = Submission(point("D02").id, 5, "form", f"f{n}")
        at = runtime.now() + timedelta(hours=6, minutes=4 * n)
        with runtime.transaction() as session:
            visits.accept(session, runtime.vault, submission, Arrival(), zone=runtime.zone, now=at)
    held = watch(runtime)
    with runtime.reading() as session:
        of_fakes = session.query(Rating).filter(Rating.status == "held", Rating.idempotency_key.startswith("f")).count()
    assert all(one.status == "counted" for one in genuine)
    assert of_fakes >= 20 and held - of_fakes <= 2


def test_two_people_at_the_console(client: FlaskClient, runtime: Runtime, send: Send) -> None:
    receipt = send(3, 1)
    sign_in(client, runtime, "quality")
    form = {"receipt": receipt, "reason": "other_place", "words": "扫错了,是隔壁窗口"}
    page = submit(client, "/admin/set-asides/by-receipt", form, follow_redirects=True)
    assert "等另一个人确认" in page.text and receipt not in page.text
    assert not any(level in page.text for level in ("很不满意", "非常满意"))
    aside = aside_of(runtime, receipt)
    refused = submit(client, f"/admin/set-asides/{aside.id}/confirm", {"state": "proposed"}, follow_redirects=True)
    assert "提出的人不能自己确认" in refused.text and statuses(runtime) == {"counted": 1}
    sign_in(client, runtime, "admin")
    agreed = submit(client, f"/admin/set-asides/{aside.id}/confirm", {"state": "proposed"}, follow_redirects=True)
    assert "已排除" in agreed.text and statuses(runtime) == {"excluded": 1}
    unknown = submit(client, "/admin/set-asides/by-receipt", {**form, "receipt": "NOTTHERE"})
    assert unknown.status_code == 404
    assert submit(client, "/admin/set-asides/999/keep").status_code == 404
    for state in ("held", "proposed", "noticed", "excluded", "kept", "nonsense"):
        assert client.get(f"/admin/set-asides/?state={state}").status_code == 200
    with runtime.reading() as session, pytest.raises(NotFound):
        set_asides.propose(session, 999, reason="no_visit", words="没有来过", by="a", now=runtime.now())


@pytest.mark.both_databases
def test_what_its_author_took_back_while_the_rules_looked_is_not_held(runtime: Runtime, send: Send) -> None:
    """Else it would count again beside what took its place, as soon as somebody lets it."""
    receipts = [send(), send()]
    with runtime.reading() as session:
        looked_at = session.query(Rating).order_by(Rating.id).all()
    with runtime.transaction() as session:
        mine = session.query(Rating).filter_by(receipt=receipts[0]).one()
        own_ratings.withdraw(session, mine, why="t", now=runtime.now())
    with runtime.transaction() as session:
        as_then = [session.merge(one, load=False) for one in looked_at]
        assert set_asides.hold_all(session, [(one, Weighed(("burst",), 1.0)) for one in as_then], runtime.now()) == 1
    assert statuses(runtime) == {"withdrawn": 1, "held": 1}


@pytest.mark.parametrize("database_kind", [postgres.KIND], indirect=True)
@pytest.mark.parametrize("way", ["in the chat", "by the form"])
def test_writing_anew_while_the_rules_hold_it_does_not_evade_them(
    runtime: Runtime, point: Points, send: Send, way: str
) -> None:
    """On a server both go on side by side: the new version waits, and is held as the old one."""
    first = send(rater_hash="a" * 64)
    if way == "by the form":
        again = Submission(point("D01").id, 4, "form", "second version")
        with runtime.transaction() as session:
            changes.change(session, first, again, zone=runtime.zone, now=runtime.now())

    def write_anew() -> None:
        sent = Submission(point("D01").id, 2, "bot", "third version", rater_hash="a" * 64)
        with runtime.transaction() as session:
            if way == "in the chat":
                visits.accept(session, runtime.vault, sent, Arrival(), zone=runtime.zone, now=runtime.now())
            else:
                changes.change(session, first, sent, zone=runtime.zone, now=runtime.now())

    def waits() -> bool:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with runtime.reading() as looking:  # anew each time: a transaction sees this once
            return bool(looking.scalar(text(waiting)))

    with ThreadPoolExecutor(1) as pool:
        with runtime.transaction() as session:
            standing = session.query(Rating).filter_by(status="counted").one()
            assert set_asides.hold(session, standing, Weighed(("burst",), 1.0), runtime.now())
            session.flush()
            anew = pool.submit(write_anew)
            until(waits, "it waits for the rules", Path())
        anew.result()
    assert statuses(runtime)["held"] == 1 and statuses(runtime)["counted"] == 0
    with runtime.reading() as session:
        held = session.query(Rating).filter_by(status="held").one()
        assert held.idempotency_key == "third version"
        assert session.query(SetAside).one().rating_id == held.id
