"""Who said nothing, where people spoke, whose share is odd: in figures, and on the page that tells them."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.db.assessments import Figure
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.periods import Month
from feedback_app.domain.silence import Heard, gap
from feedback_app.services import ratings, silence
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.console import sign_in

Lookup = Callable[[str], ServicePoint]
NOVEMBER = Month(2026, 11)


def send(
    runtime: Runtime, point: ServicePoint, levels: tuple[int, ...], *, channel: str = "form", how: str = ""
) -> None:
    """``levels``: how many of one to five stars."""
    with runtime.transaction() as session:
        for score, count in enumerate(levels, start=1):
            for n in range(count):
                sent = Submission(
                    point.id, score, channel, f"{point.key}:{channel}:{how}:{score}:{n}", verified_how=how
                )
                ratings.submit(session, sent, zone=runtime.zone, now=runtime.now())


def visits(runtime: Runtime, point: ServicePoint, count: int) -> None:
    with runtime.transaction() as session:
        session.add(
            Figure(
                name="visits", period="2026-11", service_point_id=point.id, value=count, source="x",
                imported_at=runtime.now(), imported_by="liu",
            )
        )  # fmt: skip


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 500))
def test_the_truth_lies_between_the_bounds(happy: int, unhappy: int, silent: int) -> None:
    heard = Heard(happy, happy + unhappy, happy + unhappy + silent)
    if heard.visits == 0:
        assert heard.bounds is None
        return
    bounds = heard.bounds
    assert bounds is not None and heard.visits
    for of_the_silent in (0, silent // 2, silent):
        assert bounds.low - 1e-9 <= 100 * (happy + of_the_silent) / heard.visits <= bounds.high + 1e-9
    assert bounds.high - bounds.low == pytest.approx(100 * silent / heard.visits)


def test_more_ratings_than_visits_say_that_the_visits_are_wrong() -> None:
    assert Heard(5, 10, 8).coverage is None
    assert Heard(5, 10, None).bounds is None


def test_the_gap_is_newcombes() -> None:
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, table II, method 10, example a)."""
    found = gap(Heard(56, 70), Heard(48, 80))
    assert found is not None and found.is_sure
    assert (round(found.low, 2), round(found.high, 2)) == (5.24, 33.39)
    assert gap(Heard(5, 29), Heard(48, 80)) is None


def test_who_is_coached_stands_out_and_nobody_else(runtime: Runtime, point: Lookup) -> None:
    """Attack D of the ranking study: every visitor of one doctor is brought to rate."""
    for key in ("D02", "D03", "N01", "N02"):
        send(runtime, point(key), (0, 0, 1, 3, 6))
        visits(runtime, point(key), 30)
    send(runtime, point("D01"), (0, 0, 0, 0, 29), how="slip")
    visits(runtime, point("D01"), 30)
    with runtime.reading() as session:
        found = silence.report(session, NOVEMBER)
    assert [one.name for one in found.eager] == [point("D01").name]
    assert found.hospital.rated == 69 and found.hospital.visits == 150
    assert found.hospital.bounds is not None and found.hospital.bounds.low < 50 < found.hospital.bounds.high


def test_the_page_tells_coverage_range_and_gap(
    app: Flask, client: FlaskClient, runtime: Runtime, point: Lookup
) -> None:
    sign_in(client, runtime, "quality")
    assert "这个月还没有评价" in client.get("/admin/trust/").text
    send(runtime, point("D01"), (0, 0, 0, 0, 40))
    page = client.get("/admin/trust/").text
    assert "这个月有 40 条评价。不知道来了多少人" in page
    send(runtime, point("D01"), (10, 10, 0, 10, 10), channel="bot")
    visits(runtime, point("D01"), 160)
    page = client.get("/admin/trust/").text
    assert "一共来了 160 人次，80 条评价，占 50.0%" in page
    assert "75.0% 给 4、5 星。没说话的人如果全不满意，是 37.5%；如果全满意，是 87.5%" in page
    assert "当场评的明显更好" in page
    assert "没有谁比别人多得多" in page
    assert client.get("/admin/trust/?month=2026-10").status_code == 200
    assert client.get("/admin/trust/?month=nothing").status_code == 200
