"""Looking through ratings in the console."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from feedback_app.db.directory import ServicePoint
from feedback_app.services import rating_lists, ratings
from feedback_app.services.rating_lists import Wanted
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from tests.console import sign_in

GIVEN = (
    ("D01", 5, "form", "讲得很清楚", 0),
    ("D01", 2, "bot", "", 1),
    ("N02", 5, "form", "", 2),
    ("W03", 4, "form", "等太久", 3),
    ("W03", 4, "paper", "", 40),
)


@pytest.fixture
def receipts(runtime: Runtime) -> list[str]:
    """Four ratings of November and one of October, in the order of GIVEN."""
    with runtime.transaction() as session:
        points = {point.key: point.id for point in session.query(ServicePoint)}
        return [
            ratings.submit(
                session,
                Submission(
                    points[key],
                    score,
                    channel,
                    f"k{i}",
                    comment,
                    {"overall": score, "aspects": ["waiting"]},
                    version_id=1,
                ),
                zone=runtime.zone,
                now=runtime.now() - timedelta(days=days),
            ).receipt
            for i, (key, score, channel, comment, days) in enumerate(GIVEN)
        ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [0, 1, 2, 3, 4]),
        (Wanted(period="2026-11"), [0, 1, 2, 3]),
        (Wanted(kind="staff"), [0, 1, 2]),
        (Wanted(level=4), [3, 4]),
        (Wanted(channel="paper"), [4]),
        (Wanted(with_comment=True), [0, 3]),
        (Wanted(name="3号"), [3, 4]),
        (Wanted(name="N02"), [2]),
        (Wanted(name="%"), []),
        (Wanted(kind="staff", level=5, period="2026-10"), []),
    ],
)
def test_filters_narrow_and_the_levels_agree(
    runtime: Runtime, receipts: list[str], wanted: Wanted, found: list[int]
) -> None:
    with runtime.reading() as session:
        page = rating_lists.page(session, wanted, 1)
        levels = rating_lists.levels(session, wanted)
    assert [rating.receipt for rating in page.rows] == [receipts[i] for i in found]
    assert levels.n == page.total == len(found)
    assert all(levels.counts[level] == sum(GIVEN[i][1] == level for i in found) for level in (5, 4, 3, 2, 1))


def test_a_receipt_shows_whether_it_counts_and_never_the_level(
    client: FlaskClient, runtime: Runtime, receipts: list[str]
) -> None:
    """Else a head of department could have a patient read out the receipt and look what was chosen."""
    sign_in(client, runtime, "quality")
    typed = f" {receipts[1][:5].lower()}-{receipts[1][5:]} "
    page = client.get("/admin/ratings", query_string={"receipt": typed}, follow_redirects=True)
    assert "这条评价" in page.text and "2026 年 11 月" in page.text
    assert not any(level in page.text for level in ("满意", "等候"))
    unknown = client.get("/admin/ratings", query_string={"receipt": "AAAA"}, follow_redirects=True)
    assert (unknown.status_code, "没有找到" in unknown.text) == (404, True)


def test_lists_and_addresses_do_not_tell_who_came_first(
    client: FlaskClient, runtime: Runtime, point: Callable[[str], ServicePoint]
) -> None:
    given = []
    for number in range(12):
        submission = Submission(point("D01").id, number % 5 + 1, "form", f"s{number}", f"第{number}位")
        with runtime.transaction() as session:
            given.append(ratings.submit(session, submission, zone=runtime.zone, now=runtime.now()).receipt)
    with runtime.reading() as session:
        page = rating_lists.page(session, Wanted(), 1)
        listed = [rating.receipt for rating in page.rows]
        ids = [rating.id for rating in page.rows]
    assert sorted(listed) == sorted(given) and listed not in (given, given[::-1])
    sign_in(client, runtime, "quality")
    addresses = re.findall(r'href="/admin/ratings/([^"?]+)"', client.get("/admin/ratings").text)
    assert len(set(addresses)) == 12 and not {str(number) for number in ids} & set(addresses)
    assert [runtime.vault.uncover(one) for one in addresses] == ids
    assert client.get(f"/admin/ratings/{addresses[0]}").status_code == 200
    for bad in ("1", "0" * 32, addresses[0][:-1] + "g", "é" * 16):
        assert client.get(f"/admin/ratings/{bad}").status_code == 404


def test_neither_receipts_nor_times_are_listed(client: FlaskClient, runtime: Runtime, receipts: list[str]) -> None:
    sign_in(client, runtime, "quality")
    page = client.get("/admin/ratings").text
    assert not any(receipt in page for receipt in receipts)
    assert "2026-11-20" in page
    assert "12:0" not in page


def test_an_empty_month_says_so(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime, "quality")
    assert "这里还没有评价" in client.get("/admin/ratings").text
    assert client.get("/admin/ratings/1").status_code == 404


def test_a_rating_that_came_after_its_period_was_closed_is_marked(
    client: FlaskClient, runtime: Runtime, receipts: list[str]
) -> None:
    sign_in(client, runtime)
    assert "迟到" not in client.get("/admin/ratings?period=2026-11").text
    with runtime.transaction() as session:
        told = Submission(
            session.query(ServicePoint).filter_by(key="N01").one().id,
            5,
            "paper",
            "late",
            served_at=runtime.now() - timedelta(days=40),
        )
        ratings.submit(session, told, zone=runtime.zone, now=runtime.now())
    page = client.get("/admin/ratings?period=2026-11&name=N01").text
    [address] = set(re.findall(r'href="(/admin/ratings/[^"?]+)"', page))
    assert "迟到" in page and "算在下一期" in client.get(address).text
