"""The kept page is the plain page: the same text and headers but for fresh tokens, and never one that has been overtaken."""

import gzip
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback_app import clock
from feedback_app.db.codes import Code
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.question_choice import Rule
from feedback_app.services import codes, question_publishing, question_rules, questionnaire_editing, tickets
from feedback_app.services.runtime import Runtime
from feedback_app.web.measured import Measured
from feedback_app.web.page_cache import PageCache
from tests.conftest import NOON

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
_TOKENS = re.compile(r'(name="key" value="|nonce="|nonce-)[A-Za-z0-9_-]{22,24}')


def cache(app: Flask) -> PageCache:
    """Behind what counts the answers."""
    assert isinstance(app.wsgi_app, Measured)
    assert isinstance(app.wsgi_app.application, PageCache)
    return app.wsgi_app.application


def plain_client(app: Flask) -> FlaskClient:
    """The same application without the cache in front."""
    beside = Flask("beside")
    beside.wsgi_app = cache(app)._plainly  # type: ignore[method-assign,assignment]
    return beside.test_client()


def without_tokens(text: str) -> str:
    return _TOKENS.sub(r"\1*", text)


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("query", ["", "?lang=en", "?lang=xx"])
@pytest.mark.parametrize("cookies", [{}, {"care": "1"}, {"lang": "en"}, {"device": "a" * 22}])
def test_the_kept_page_is_the_plain_page(
    app: Flask, code: Callable[[str], str], query: str, cookies: dict[str, str]
) -> None:
    path = f"/s/{code('W03')}{query}"
    client, plainly = app.test_client(), plain_client(app)
    for name, value in cookies.items():
        client.set_cookie(name, value)
        plainly.set_cookie(name, value)
    plain = plainly.get(path)
    for _ in range(2):  # the one that is made, and the one that was kept
        kept, packed = client.get(path), client.get(path, headers=GZIP)
        unpacked = gzip.decompress(packed.data).decode()
        assert without_tokens(kept.text) == without_tokens(unpacked) == without_tokens(plain.text)
        for answer, text in ((kept, kept.text), (packed, unpacked)):
            assert answer.content_length == len(answer.data)
            policy = without_tokens(answer.headers["Content-Security-Policy"])
            assert policy == without_tokens(plain.headers["Content-Security-Policy"])
            assert set(re.findall(r'nonce="([^"]+)"', text)) == set(
                re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
            )
            own = {"Content-Length", "Content-Encoding", "Content-Security-Policy"}
            assert {one for one in answer.headers if one[0] not in own} == {
                one for one in plain.headers if one[0] not in own
            }
    assert len(cache(app)._pages) == 1


def test_every_visitor_gets_tokens_of_their_own(client: FlaskClient, code: Callable[[str], str]) -> None:
    path = f"/s/{code('D01')}"
    pages = [client.get(path).text for _ in range(5)]
    assert len({key_of(page) for page in pages}) == 5
    assert len({re.findall(r'nonce="([^"]+)"', page)[0] for page in pages}) == 5


def test_what_differs_between_people_is_not_kept(app: Flask, runtime: Runtime, code: Callable[[str], str]) -> None:
    """A ticket in the address, a page that is not a form, an address nobody printed."""
    path = f"/s/{code('W03')}"
    with runtime.transaction() as session:
        slip = tickets.make(
            session, runtime.vault, "window", "W03", count=1, by="x", zone=runtime.zone, now=NOON
        ).slips[0]
    client = app.test_client()
    for address in (
        f"{path}?v={slip}",
        f"{path}?as=guest",
        "/s/AAAA-AAAA-AAAA",
        "/feedback",
        f"{path}?lang=zh&lang=en",
    ):
        client.get(address)
    assert cache(app)._pages == {}


def change_name(runtime: Runtime, text: str) -> str:
    with runtime.transaction() as session:
        session.query(ServicePoint).filter_by(key="W03").one().name = "9号新窗口"
    return "9号新窗口"


def change_name_by_statement(runtime: Runtime, text: str) -> str:
    with runtime.transaction() as session:
        session.query(ServicePoint).filter_by(key="W03").update({"name": "8号新窗口"})
    return "8号新窗口"


def retire(runtime: Runtime, text: str) -> str:
    with runtime.transaction() as session:
        found = session.query(Code).filter_by(text=text).one()
        codes.retire(session, found, why="x", actor="x", now=NOON)
    return "已经停用"


def publish(runtime: Runtime, text: str) -> str:
    with runtime.transaction() as session:
        body = questionnaire_editing.working_body(session)
        body["question"][0]["text"] = {"zh": "今天还顺利吗？", "en": "How was it?"}
        begun = questionnaire_editing.store(session, body, "x", NOON)
        seen = questionnaire_editing.digest(begun.body)
        question_publishing.publish(session, seen=seen, note="", by="x", now=NOON)
    return "今天还顺利吗？"


def print_slips(runtime: Runtime, text: str) -> str:
    with runtime.transaction() as session:
        tickets.make(session, runtime.vault, "window", "W03", count=1, by="x", zone=runtime.zone, now=NOON)
    return "小票"


@pytest.mark.parametrize("happens", [change_name, change_name_by_statement, retire, publish, print_slips])
def test_a_change_made_by_another_process_shows_at_once(
    app: Flask, runtime: Runtime, code: Callable[[str], str], happens: Callable[[Runtime, str], str]
) -> None:
    """``runtime`` has connections of its own, as another process would."""
    client, text = app.test_client(), code("W03")
    before = client.get(f"/s/{text}").text
    assert without_tokens(client.get(f"/s/{text}").text) == without_tokens(before)
    now_told = happens(runtime, text)
    assert now_told not in before and now_told in client.get(f"/s/{text}").text


def test_a_rule_with_a_time_span_begins_and_ends_on_time(
    app: Flask, runtime: Runtime, code: Callable[[str], str]
) -> None:
    begins, ends = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    with runtime.transaction() as session:
        question_rules.add(session, Rule(0, "fft", starts_at=begins, ends_at=ends), by="x", now=NOON)
    client, path = app.test_client(), f"/s/{code('W03')}"
    seen = []
    for moment in (NOON, begins, ends):
        clock.move(Path(runtime.settings.sandbox.clock_file), moment)
        seen.append(without_tokens(client.get(path).text))
    assert seen[0] == seen[2] != seen[1]


def test_what_was_rolled_back_changes_nothing(runtime: Runtime) -> None:
    before = runtime.database.shown_state()
    with pytest.raises(RuntimeError), runtime.transaction() as session:
        session.query(ServicePoint).filter_by(key="W03").update({"name": "x"})
        raise RuntimeError
    with runtime.transaction():
        pass
    assert runtime.database.shown_state() == before


def test_a_rating_leaves_kept_pages_alone(client: FlaskClient, runtime: Runtime, code: Callable[[str], str]) -> None:
    path = f"/s/{code('W03')}"
    page = client.get(path).text
    before = runtime.database.shown_state()
    assert client.post(path, data={"key": key_of(page), "overall": "1"}).status_code == 303
    assert runtime.database.shown_state() == before


def test_no_more_pages_are_kept_than_there_is_room_for(
    app: Flask, code: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback_app.web.page_cache.MOST", 2)
    client = app.test_client()
    for key in ("D01", "D02", "W01", "W03"):
        assert client.get(f"/s/{code(key)}").status_code == 200
    assert len(cache(app)._pages) == 2
