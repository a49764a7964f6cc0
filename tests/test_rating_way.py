"""The way ahead of Flask is the plain way: the same answers, the same rows, and never a rating that the plain one would refuse."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from feedback_app.db.buckets import Bucket
from feedback_app.db.codes import Code
from feedback_app.db.complaints import Case
from feedback_app.db.evidence import Evidence
from feedback_app.db.ratings import Rating
from feedback_app.services import codes
from feedback_app.services.runtime import Runtime
from feedback_app.web.measured import Measured
from feedback_app.web.page_cache import PageCache
from feedback_app.web.rating_way import RatingWay

KEY = "a-key-of-one-form-0000"
FAST_POLICY = "default-src 'none'; form-action 'none'; frame-ancestors 'none'"
_DIFFERENT = {
    "id",
    "received_at",
    "receipt",
    "idempotency_key",
    "answers_salt",
    "answers_digest",
    "device_hash",
    "_sa_instance_state",
}
_RANDOM = re.compile(r"nonce-[\w-]+|/r/\w+|(?<=(?:wn|ne|ce)=)[\w.-]+|expires=[^;]+", re.IGNORECASE)

PLAINLY: list[tuple[dict[str, Any], dict[str, str], dict[str, str]]] = [
    ({"overall": "5"}, {}, {}),
    ({"overall": "1", "comment": "等了两个小时"}, {}, {}),
    ({"overall": "4", "comment": "张医生电话13800138000", "aspects": ["skill", "waiting"]}, {}, {}),
    ({"overall": "3", "unknown": "x", "wants_answer": "on", "contact": ""}, {"lang": "en"}, {"Accept-Language": "ug"}),
    ({"overall": "2", "comment": " \u202e混 乱\n\n "}, {"device": "d" * 22}, {"Accept-Language": "zh-TW,en;q=0.5"}),
    ({"overall": "5"}, {"own": "x", "mine": "y", "care": "1"}, {"X-Forwarded-For": "36.1.2.3"}),
]
ELSEWHERE = [
    {},  # no level
    {"overall": "9"},
    {"overall": "5", "contact": "13800138000", "wants_answer": "on"},
    {"overall": "5", "contact": "x" * 101},
    {"overall": "5", "slip": "0000-0000"},
    {"overall": "5", "visit": "forged"},
    {"overall": "5", "canary": "forged"},
    {"overall": "5", "key": "short"},
    {"overall": "5", "version": "999999"},
]


def way(app: Flask) -> RatingWay:
    """Behind what counts the answers and the kept pages."""
    assert isinstance(app.wsgi_app, Measured)
    assert isinstance(app.wsgi_app.application, PageCache)
    found = app.wsgi_app.application._plainly
    assert isinstance(found, RatingWay)
    return found


@pytest.fixture
def plain(app: Flask) -> FlaskClient:
    """The same application without it."""
    beside = Flask("beside")
    beside.wsgi_app = way(app)._plainly  # type: ignore[method-assign,assignment]
    return beside.test_client()


def outside(answer: TestResponse) -> tuple[Any, ...]:
    """What a browser sees, but for what is random."""
    headers = {
        (name, _RANDOM.sub("*", value))
        for name, value in answer.headers.items()
        if name not in {"Content-Length", "Content-Security-Policy", "Vary"}
    }
    return answer.status_code, headers


def row(runtime: Runtime, key: str) -> tuple[Any, ...]:
    """What is stored, but for what is random; and what else was written for it."""
    with runtime.reading() as session:
        found = session.query(Rating).filter(Rating.idempotency_key.startswith(f"form:{key}:")).one()
        entries = [one.kind for one in session.query(Evidence).filter_by(subject=f"rating:{found.receipt}")]
        case = session.query(Case).filter_by(rating_id=found.id).one_or_none()
        told = (case.kind, case.text, case.service_point_id, case.state) if case else None
        return {name: value for name, value in vars(found).items() if name not in _DIFFERENT}, entries, told


@pytest.mark.parametrize("query", ["", "?lang=en"])
def test_both_ways_answer_and_store_the_same(
    app: Flask, runtime: Runtime, code: Callable[[str], str], query: str
) -> None:
    path, ways = f"/s/{code('W03')}{query}", (app.wsgi_app, way(app)._plainly)
    for turn, (fields, cookies, headers) in enumerate(PLAINLY):
        seen = []
        for number, application in enumerate(ways):
            browser = Client(application, Response)
            for name, value in cookies.items():
                browser.set_cookie(name, value if name != "device" else str(number) * 22)
            seen.append(browser.post(path, data={"key": f"{KEY}{turn}{number}", **fields}, headers=headers))
        assert [one.headers["Content-Security-Policy"] == FAST_POLICY for one in seen] == [True, False]
        assert outside(seen[0]) == outside(seen[1])
        assert row(runtime, f"{KEY}{turn}0") == row(runtime, f"{KEY}{turn}1")


def test_what_is_odd_takes_the_plain_way(client: FlaskClient, plain: FlaskClient, code: Callable[[str], str]) -> None:
    path = f"/s/{code('D01')}"
    for turn, fields in enumerate(ELSEWHERE):
        keys = (f"{KEY}{turn}{number}" for number in range(2))
        answers = [one.post(path, data={"key": key, **fields}) for one, key in zip((client, plain), keys, strict=True)]
        assert outside(answers[0]) == outside(answers[1]), fields
        assert answers[0].headers["Content-Security-Policy"] != FAST_POLICY, fields


def test_bodies_that_no_browser_sends_are_answered_as_before(
    client: FlaskClient, plain: FlaskClient, code: Callable[[str], str]
) -> None:
    path, kind = f"/s/{code('D01')}", "application/x-www-form-urlencoded"
    for body in (b"key=%ff%fe&overall=5", "key=a&overall=五".encode(), b"\x00", b"a=1&" * 300, b"overall=5"):
        answers = [one.post(path, data=body, content_type=kind) for one in (client, plain)]
        assert outside(answers[0]) == outside(answers[1]), body


@pytest.mark.parametrize("more", [b"", b"&slip="])
def test_a_form_that_broke_off_on_its_way_is_not_taken_for_the_whole(
    client: FlaskClient, runtime: Runtime, code: Callable[[str], str], more: bytes
) -> None:
    path, kind = f"/s/{code('D01')}", "application/x-www-form-urlencoded"
    body = f"key={KEY}&overall=1&comment=waited".encode() + more
    as_served = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body) + 20)}
    answer = client.post(path, input_stream=BytesIO(body), content_type=kind, environ_overrides=as_served)
    assert answer.status_code == 400
    with runtime.reading() as session:
        assert session.query(Rating).count() == 0


@pytest.mark.parametrize("name", ["stars", "ward", "tablet"])
def test_browsers_of_staff_and_tablets_take_the_plain_way(
    client: FlaskClient, code: Callable[[str], str], name: str
) -> None:
    client.set_cookie(name, "x")
    answer = client.post(f"/s/{code('D01')}", data={"key": KEY, "overall": "5"})
    assert answer.status_code == 303 and answer.headers["Content-Security-Policy"] != FAST_POLICY


def test_one_form_sent_both_ways_is_one_rating(
    client: FlaskClient, plain: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    path, fields = f"/s/{code('D01')}", {"key": KEY, "overall": "2", "comment": "慢"}
    answers = [one.post(path, data=fields) for one in (client, plain, client, plain)]
    assert {one.status_code for one in answers} == {303} and len({one.location for one in answers}) == 1
    assert ["mine=" in str(one.headers.getlist("Set-Cookie")) for one in answers] == [True, False, False, False]
    with runtime.reading() as session:
        assert session.query(Rating).count() == session.query(Case).count() == 1


def test_a_code_retired_meanwhile_is_refused_by_both(
    client: FlaskClient, plain: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    text = code("D01")
    assert client.post(f"/s/{text}", data={"key": KEY, "overall": "5"}).status_code == 303
    with runtime.transaction() as session:
        found = session.query(Code).filter_by(text=text).one()
        codes.retire(session, found, why="贴错了", actor="test", now=runtime.now())
    for browser in (client, plain):
        answer = browser.post(f"/s/{text}", data={"key": f"{KEY}x", "overall": "1", "comment": "留下的话"})
        assert answer.status_code == 410 and "留下的话" in answer.text


def test_too_many_from_one_address_are_told_so_and_not_stored(
    client: FlaskClient, plain: FlaskClient, runtime: Runtime, code: Callable[[str], str]
) -> None:
    path, there = f"/s/{code('D01')}", {"REMOTE_ADDR": "36.1.2.3"}
    assert client.post(path, data={"key": KEY, "overall": "5"}, environ_base=there).status_code == 303
    with runtime.transaction() as session:
        session.query(Bucket).one().full_at += 24 * 3600
    for number, browser in enumerate((client, plain)):
        fields = {"key": f"{KEY}{number}", "overall": "1", "comment": "写了半天的话"}
        answer = browser.post(path, data=fields, environ_base=there)
        assert answer.status_code == 429 and "写了半天的话" in answer.text
    with runtime.reading() as session:
        assert session.query(Rating).count() == 1
