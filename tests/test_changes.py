"""Second thoughts within 72 hours: private, atomic, and invisible to whoever holds only the receipt."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.db.complaints import Case
from feedback_app.db.evidence import Evidence
from feedback_app.db.ratings import Rating
from feedback_app.services import changes, inclusion, ratings, verification
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


@pytest.fixture
def sent(client: FlaskClient, code: Callable[[str], str]) -> str:
    """The receipt of a one-star rating of W03 that ``client`` has just sent."""
    path = f"/s/{code('W03')}"
    answer = client.post(path, data={**fields(client.get(path).text), "overall": "1", "comment": "等太久"})
    return str(answer.location).rpartition("/")[2]


def change(client: FlaskClient, receipt: str, level: str, **more: str) -> int:
    path = f"/r/{receipt}/change"
    return client.post(path, data={**fields(client.get(path).text), "overall": level, **more}).status_code


def later(runtime: Runtime, **by: float) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), runtime.now() + timedelta(**by))


def stored(runtime: Runtime) -> list[tuple[int, str]]:
    with runtime.reading() as session:
        return [(one.score, one.status) for one in session.query(Rating).order_by(Rating.id)]


def clean(runtime: Runtime) -> bool:
    with runtime.reading() as session:
        found = verification.problems(session, runtime.vault, runtime.now())
        return [one for one in found if one.what != "entry_waiting"] == []


def test_the_form_opens_empty_and_the_new_answers_take_the_place(
    client: FlaskClient, runtime: Runtime, sent: str
) -> None:
    page = client.get(f"/r/{sent}/change").text
    assert not re.search(r"<input[^>]* checked", page) and "等太久" not in page and "3号收费窗口" in page
    assert change(client, sent, "") == 400
    assert change(client, sent, "5") == 303
    assert stored(runtime) == [(1, "replaced"), (5, "counted")]
    assert change(client, sent, "2") == 303
    assert stored(runtime) == [(1, "replaced"), (5, "replaced"), (2, "counted")]
    assert clean(runtime)


def test_whoever_holds_only_the_receipt_learns_nothing(
    app: Flask, client: FlaskClient, runtime: Runtime, sent: str
) -> None:
    stranger = app.test_client()
    addresses = (f"/r/{sent}", f"/evidence/check/{sent}", f"/evidence/receipts/{sent}.json")

    def seen() -> list[str]:
        pages = [stranger.get(address).text for address in addresses]
        return [re.sub(r'nonce="[^"]*"', "", page) for page in pages]

    before = seen()
    with runtime.reading() as session:
        counted = inclusion.of_receipt(session, sent)
    assert change(client, sent, "5") == 303
    assert seen() == before
    with runtime.reading() as session:
        assert inclusion.of_receipt(session, sent) == counted
    assert stranger.get(f"/r/{sent}/change").status_code == 404
    assert stranger.post(f"/r/{sent}/change", data={"overall": "5"}).status_code == 404
    assert "重新填" not in stranger.get(f"/r/{sent}").text


def test_the_right_is_not_given_by_sending_the_same_form_again(
    app: Flask, client: FlaskClient, code: Callable[[str], str]
) -> None:
    path = f"/s/{code('W03')}"
    form = {**fields(client.get(path).text), "overall": "3"}
    client.post(path, data=form)
    other = app.test_client()
    answer = other.post(path, data=form)
    assert other.get(f"{answer.location}/change").status_code == 404


def test_nothing_public_in_the_log_names_the_receipt_that_was_changed(
    client: FlaskClient, runtime: Runtime, sent: str
) -> None:
    change(client, sent, "4")
    with runtime.reading() as session:
        told = [entry.shown for entry in session.query(Evidence).filter_by(kind="replaced")]
    assert told == [{"for": "window:W03", "month": "2026-11"}]


def test_after_72_hours_it_is_over(client: FlaskClient, runtime: Runtime, sent: str) -> None:
    path = f"/r/{sent}/change"
    form = fields(client.get(path).text)
    later(runtime, hours=71)
    assert "重新填" in client.get(f"/r/{sent}").text
    later(runtime, hours=1, seconds=1)
    assert "72 小时已过" in client.get(path).text and client.get(path).status_code == 410
    assert client.post(path, data={**form, "overall": "5"}).status_code == 410
    assert stored(runtime) == [(1, "counted")]


def test_a_change_in_the_next_month_stays_in_its_month(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    later(runtime, days=10, hours=11, minutes=50)  # 30 November, ten to midnight
    path = f"/s/{code('W03')}"
    answer = client.post(path, data={**fields(client.get(path).text), "overall": "4"})
    later(runtime, hours=2)
    assert change(client, str(answer.location).rpartition("/")[2], "3") == 303
    with runtime.reading() as session:
        assert {(one.period, one.day.isoformat()) for one in session.query(Rating)} == {("2026-11", "2026-11-30")}


def test_one_case_is_enough(client: FlaskClient, runtime: Runtime, sent: str) -> None:
    change(client, sent, "2", comment="还有,没人理")
    with runtime.reading() as session:
        assert session.query(Case).one().text == "等太久"
    assert "T-2611-0001" in client.get(f"/r/{sent}").text


def test_twenty_changes_at_once_leave_one_version(runtime: Runtime, sent: str) -> None:
    def one(number: int) -> str:
        submission = Submission(0, number % 5 + 1, "form", f"change{number}")
        with runtime.transaction() as session:
            return changes.change(session, sent, submission, zone=runtime.zone, now=runtime.now()).receipt

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(one, range(20))) == {sent}
    assert Counter(status for _, status in stored(runtime)) == {"replaced": 20, "counted": 1}
    one(3)  # the same submission again changes nothing
    assert len(stored(runtime)) == 21
    assert clean(runtime)
    with runtime.reading() as session:
        assert ratings.by_receipt(session, sent).counted
