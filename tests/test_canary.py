"""The canary, over real HTTP against the product on a real port: it proves low ratings, and counts nowhere."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from bots import probes
from feedback_app import clock, jobs
from feedback_app.db.complaints import Case
from feedback_app.db.evidence import Evidence
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import local_day
from feedback_app.services import canary, exports, rating_lists, star_facts, today, verification
from feedback_app.services.exports import Span
from feedback_app.services.rating_lists import Wanted
from feedback_app.services.runtime import Runtime
from feedback_app.texts import text
from tests.bots.town import Town, town
from tests.own_certificate import https_server

KINDS = {"D01": "staff", "W03": "window", "L02": "logistics", "SF": "department"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as opened:
        for key in KINDS:
            opened.code(key)
        yield opened


def configured(place: Town, address: str) -> Runtime:
    """The town's runtime with the canary switched on, knocking at ``address``."""
    section = place.runtime.settings.canary.model_copy(update={"enabled": True, "address": address})
    settings = place.runtime.settings.model_copy(update={"canary": section})
    return Runtime(settings, place.runtime.database, place.runtime.clock, place.runtime.vault)


def prove(runtime: Runtime) -> None:
    jobs.Worker(runtime, {}).prove(probes.open_probes(runtime))


def test_every_kind_and_channel_is_proven_and_nothing_counts(place: Town) -> None:
    runtime = configured(place, place.address)
    prove(runtime)
    with runtime.reading() as session:
        stored = session.query(Rating).all()
        ways = {(one.channel, one.service_point.kind) for one in stored}
        standing = canary.standing(session, runtime, runtime.now())
    assert standing is not None and not standing.failing, standing
    assert ways >= {("form", kind) for kind in KINDS.values()} | {("bot", "window")}
    assert {(one.score, one.status) for one in stored} == {(1, "canary")}
    day, now = local_day(runtime.now(), runtime.zone), runtime.now()
    with runtime.reading() as session:
        assert session.query(Case).count() == session.query(OutboxMessage).count() == 0
        figures = today.figures(session, day, "2026-11", now)
        assert (figures.ratings, figures.ratings_this_month, figures.open_cases) == (0, 0, 0)
        assert rating_lists.page(session, Wanted(), 1).total == 0
        levels = rating_lists.levels(session, Wanted())
        assert (levels.n, levels.not_counted) == (0, 0)
        assert star_facts.facts_by_point(session, Period.parse("2026-11"), 3) == {}
        assert list(exports.KINDS["ratings"].rows(session, Span(runtime.zone))) == []
        marked = session.query(Evidence).filter_by(kind="canary").count()
        assert marked == len(stored)
        assert [one for one in verification.problems(session, runtime.vault, now) if one.what != "entry_waiting"] == []
    page = requests.get(f"{place.address}/evidence/", timeout=20).text
    assert "最近一次试过，收得进来：11 月 20 日" in page
    receipt = next(one.receipt for one in stored if one.channel == "form")
    assert "试验" in requests.get(f"{place.address}/evidence/check/{receipt}", timeout=20).text
    prove(runtime)  # not due yet
    with runtime.reading() as session:
        assert session.query(Rating).count() == len(stored)
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(hours=7))
    prove(runtime)
    with runtime.reading() as session:
        assert session.query(Rating).count() == 2 * len(stored)


def test_a_failure_is_told_to_people_and_shown(place: Town) -> None:
    runtime = configured(place, "http://127.0.0.1:9")
    prove(runtime)
    with runtime.reading() as session:
        messages = session.query(OutboxMessage).all()
        standing = canary.standing(session, runtime, runtime.now())
    assert [one.purpose for one in messages] == ["canary_failed"]
    assert standing is not None and standing.failing and standing.proven_at is None
    page = requests.get(f"{place.address}/evidence/", timeout=20).text
    assert "最近一次没有试成" in page
    told = requests.get(f"{place.address}/metrics", timeout=20).text
    assert "service_star_canary_failing 1.0" in told and 'service_star_alarm{name="canary"} 1.0' in told


def test_a_failure_is_tried_again_soon_and_a_success_is_not(place: Town) -> None:
    prove(configured(place, "http://127.0.0.1:9"))
    mended = configured(place, place.address)
    prove(mended)  # a moment later: not yet
    with mended.reading() as session:
        assert session.query(Rating).count() == 0
    clock.move(Path(mended.settings.sandbox.clock_file), mended.now() + canary.AGAIN_AFTER_FAILURE)
    prove(mended)
    with mended.reading() as session:
        standing = canary.standing(session, mended, mended.now())
        assert standing is not None and not standing.failing
        assert not canary.is_due(session, mended.now() + canary.AGAIN_AFTER_FAILURE, 6)


def test_silence_for_too_long_is_a_failure(place: Town) -> None:
    runtime = configured(place, place.address)
    prove(runtime)
    with runtime.reading() as session:
        late = canary.standing(session, runtime, runtime.now() + timedelta(hours=13))
    assert late is not None and late.failing and late.proven_at is not None


def test_nobody_can_pass_a_rating_off_as_a_test(place: Town) -> None:
    code = place.code("W03")
    for sign in ("1", canary.mark(place.runtime.vault, "another-key-000000")):
        form = {"key": "k" * 20 + sign[:2], "overall": "1", "canary": sign}
        requests.post(f"{place.address}/s/{code}", data=form, timeout=20)
    assert {one.status for one in place.all(Rating)} == {"counted"}


def test_people_are_told_once_when_a_round_is_left_out(place: Town) -> None:
    runtime = configured(place, place.address)
    prove(runtime)
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(hours=13))
    worker = jobs.Worker(runtime, {})
    for minute in range(jobs.LATE_TICKS + 5):
        with runtime.reading() as session:
            assert session.query(OutboxMessage).count() == (minute >= jobs.LATE_TICKS)
        worker.watch_canary()
    with runtime.reading() as session:
        assert "超过时间" in session.query(OutboxMessage).one().payload["text"]
        standing = canary.standing(session, runtime, runtime.now())
    assert standing is not None and standing.failing
    prove(runtime)
    worker.watch_canary()
    with runtime.reading() as session:
        standing = canary.standing(session, runtime, runtime.now())
        assert standing is not None and not standing.failing
        assert session.query(OutboxMessage).count() == 1


def test_reasons_are_told_in_words(place: Town) -> None:
    runtime = configured(place, "http://127.0.0.1:9")
    prove(runtime)
    with runtime.reading() as session:
        standing = canary.standing(session, runtime, runtime.now())
    assert standing is not None and {one.why for one in standing.problems} == {"unreachable"}
    for detail, why in {
        "not reached: SSLError": "certificate",
        "not reached: ReadTimeout": "slow",
        "the form answered 502": "answer",
        "it was answered, but is not stored with its level": "lost",
        "anything else": "other",
    }.items():
        assert canary.Problem("form", "staff", detail).why == why
        assert text(f"canary.why.{why}")


def test_what_this_machine_trusts_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hospital with certificates of its own: where ``curl`` reaches the address, the test does too."""
    with https_server(tmp_path) as (address, authority):
        with pytest.raises(requests.exceptions.SSLError), probes._phone() as http:
            http.get(address, timeout=20)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        with probes._phone() as http:
            assert http.get(address, timeout=20).status_code == 404


def test_a_clock_that_was_ahead_does_not_make_it_due_at_every_look(place: Town) -> None:
    runtime = configured(place, "http://127.0.0.1:9")
    began = runtime.now()
    for moment in (began + timedelta(days=300), began):
        clock.move(Path(runtime.settings.sandbox.clock_file), moment)
        prove(runtime)
    with runtime.reading() as session:
        assert not canary.is_due(session, runtime.now(), 6)
