"""The endpoint as the platform meets it: over HTTP, in three modes, repeated, forged and broken."""

import logging
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bots import webhook
from bots.messages import Inbound, Reply
from feedback_app import clock
from feedback_app.db.base import Base
from feedback_app.db.conversations import InboundMessage, NotUnderstood
from feedback_app.db.people import Person
from feedback_app.errors import Refused
from feedback_app.services import conversations, housekeeping, people
from feedback_app.services.conversations import Step
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session
from feedback_app.settings import Wechat
from tests.bots.test_wire import _mutated
from tests.bots.wire import APP_ID, MODES, Push, opened, push, text, wechat
from tests.conftest import NOON, settings_for

NOW = int(NOON.timestamp())


@dataclass
class Answers:
    """An answering function that leaves a trace in the database, and fails when told."""

    failures: list[Exception] = field(default_factory=list)
    called: int = 0
    words: str = "收到：{}"

    def __call__(self, session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply:
        self.called += 1
        gone = inbound.event == "unsubscribe"
        people.meet(session, runtime.vault, inbound.openid, app_id=APP_ID, now=now, following=not gone)
        session.add(NotUnderstood(at=now, text=inbound.text or inbound.event))
        session.flush()
        if self.failures:
            raise self.failures.pop(0)
        return Reply(self.words.format(inbound.text)) if inbound.kind == "text" else Reply()


@dataclass(frozen=True)
class House:
    runtime: Runtime
    answers: Answers
    app: Flask
    mode: str

    def send(self, message: str, **changes: Any) -> TestResponse:
        return self.post(push(self.mode, message, timestamp=NOW, **changes))

    def post(self, one: Push) -> TestResponse:
        return self.app.test_client().post("/wechat", query_string=one.query, data=one.body, content_type="text/xml")

    def said(self, response: TestResponse) -> str:
        return opened(self.mode, response.data)["Content"]

    def traces(self) -> list[str]:
        with self.runtime.reading() as session:
            return [row.text for row in session.query(NotUnderstood)]

    def kept(self) -> int:
        with self.runtime.reading() as session:
            return session.query(InboundMessage).count()

    def people(self) -> list[Person]:
        with self.runtime.reading() as session:
            return session.query(Person).all()


@pytest.fixture(params=[True, False], ids=["short way", "through Flask"])
def short(request: pytest.FixtureRequest) -> bool:
    """Everything here holds on both ways in."""
    return bool(request.param)


@pytest.fixture
def house_in(tmp_path: Path, short: bool) -> Iterator[Callable[[str], House]]:
    """A small application with only the callback, for a mode."""
    with ExitStack() as closing:

        def build(mode: str) -> House:
            folder = tmp_path / mode
            folder.mkdir()
            settings = settings_for(folder, wechat=wechat(mode))
            clock.move(Path(settings.sandbox.clock_file), NOON)
            runtime = Runtime.open(settings)
            closing.callback(runtime.close)
            with runtime.transaction() as session:
                Base.metadata.create_all(session.connection())
            answers, app = Answers(), Flask(mode)
            endpoint = webhook.Endpoint(runtime, answers)
            app.register_blueprint(webhook.make_blueprint(endpoint))
            if short:
                app.wsgi_app = webhook.ShortWay(app.wsgi_app, endpoint)  # type: ignore[method-assign]
            return House(runtime, answers, app, mode)

        yield build


@pytest.fixture
def house(house_in: Callable[[str], House]) -> House:
    return house_in("secure")


@pytest.mark.parametrize("mode", MODES)
def test_a_message_is_answered_and_stored(house_in: Callable[[str], House], mode: str) -> None:
    house = house_in(mode)
    answered = house.send(text("给张伟5星"))
    assert (answered.status_code, answered.mimetype) == (200, "text/xml")
    assert house.said(answered) == "收到：给张伟5星"
    assert [one.following for one in house.people()] == [True]


@pytest.mark.parametrize("mode", MODES)
def test_the_address_check_is_echoed_in_clear(house_in: Callable[[str], House], mode: str) -> None:
    query = push("plain", "<xml/>", timestamp=1_714_036_504).query
    page = house_in(mode).app.test_client().get("/wechat", query_string={**query, "echostr": "43751"})
    assert (page.status_code, page.text, page.mimetype) == (200, "43751", "text/plain")


@pytest.mark.parametrize("mode", MODES)
def test_three_pushes_at_once_are_one_message(house_in: Callable[[str], House], mode: str) -> None:
    house = house_in(mode)
    one = push(mode, text("给张伟5星"), timestamp=NOW)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: house.said(house.post(one)), range(3)))
    later = push(mode, text("给张伟5星"), timestamp=NOW + 5, nonce="another")
    assert {*answers, house.said(house.post(later))} == {"收到：给张伟5星"}
    assert (house.traces(), house.answers.called, house.kept()) == (["给张伟5星"], 1, 1)


def test_pushes_to_two_processes_are_one_message(house: House) -> None:
    """Two runtimes over one database, as two web workers have it."""
    other = Runtime.open(house.runtime.settings)
    second = Flask("second")
    second.register_blueprint(webhook.make_blueprint(webhook.Endpoint(other, house.answers)))
    for number in range(5):
        one = push("secure", text(f"第{number}条", message_id=100 + number), timestamp=NOW)
        houses = [house, House(other, house.answers, second, "secure")] * 3
        with ThreadPoolExecutor(6) as pool:
            assert {house.said(page) for page in pool.map(lambda one_house: one_house.post(one), houses)} == {  # noqa: B023
                f"收到：第{number}条"
            }
    other.close()
    assert (house.answers.called, house.kept()) == (5, 5)


def test_two_messages_are_two(house: House) -> None:
    house.send(text("一", message_id=1))
    house.send(text("二", message_id=2))
    assert house.traces() == ["一", "二"]


def test_a_failure_is_tried_again_at_once(house: House) -> None:
    house.answers.failures = [RuntimeError("once")]
    assert house.said(house.send(text("给张伟5星"))) == "收到：给张伟5星"
    assert (house.traces(), house.answers.called) == (["给张伟5星"], 2)


def test_a_lasting_failure_is_a_kind_sentence_and_the_next_push_may_succeed(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "我的电话 13900001111"
    house.answers.failures = [ValueError(secret), KeyError(secret)]
    with caplog.at_level(logging.DEBUG):
        assert "再发一次" in house.said(house.send(text(secret)))
    assert (house.traces(), house.kept(), house.people()) == ([], 0, [])
    assert "KeyError" in caplog.text
    assert "13900001111" not in caplog.text and "oPatient" not in caplog.text
    assert house.said(house.send(text(secret))) == f"收到：{secret}"
    assert house.traces() == [secret]


def test_a_refusal_of_the_rules_is_said_in_words(house: House) -> None:
    house.answers.failures = [Refused("ratings.no_such_words")]
    assert "再发一次" in house.said(house.send(text("给张伟9星")))
    assert house.traces() == []


def test_nothing_to_say_is_success(house: House) -> None:
    scan = (
        text("")
        .replace("<MsgType><![CDATA[text]]>", "<MsgType><![CDATA[event]]>")
        .replace(
            "<Content><![CDATA[]]></Content><MsgId>24800000000000001</MsgId>",
            "<Event>SCAN</Event><EventKey>s</EventKey>",
        )
    )
    page = house.send(scan)
    assert (page.status_code, page.data, page.mimetype) == (200, b"success", "text/plain")
    assert house.send(scan).data == b"success"
    assert house.answers.called == 1


def event(name: str, more: str = "", second: int = 1_767_225_610) -> str:
    return (
        f"<xml><ToUserName>gh_hospital</ToUserName><FromUserName>oPatient</FromUserName><CreateTime>{second}</CreateTime>"
        f"<MsgType>event</MsgType><Event>{name}</Event>{more}</xml>"
    )


def test_who_unfollows_is_forgotten(house: House) -> None:
    house.send(text("您好"))
    assert house.people()[0].openid_sealed
    assert house.send(event("unsubscribe")).data == b"success"
    assert house.people() == []


@pytest.mark.parametrize("name", ["TEMPLATESENDJOBFINISH", "subscribe_msg_popup_event", "subscribe_msg_sent_event"])
def test_reports_about_our_sends_make_nobody_a_follower(house: House, name: str) -> None:
    assert house.send(event(name, "<MsgID>1</MsgID><Status>failed:user block</Status>")).data == b"success"
    assert (house.people(), house.answers.called, house.kept()) == ([], 0, 1)


@pytest.mark.sqlite_only("reads the bytes of its files")
def test_no_openid_is_kept_in_clear(house: House) -> None:
    house.send(event("SCAN", "<EventKey>s</EventKey>"))
    stored = Path(house.runtime.settings.database.url.removeprefix("sqlite:///"))
    held = b"".join(file.read_bytes() for file in stored.parent.glob("stars.db*"))
    assert b"oPatient" not in held
    assert APP_ID.encode() not in held


def test_refusals(house: House) -> None:
    one = push("secure", text("5星"), timestamp=NOW)
    forged = Push({**one.query, "msg_signature": "0" * 40}, one.body)
    large = Push(one.query, one.body.replace(b"</xml>", b" " * 70_000 + b"</xml>"))
    for push_, status in ((forged, 403), (Push({}, one.body), 403), (Push(one.query, b""), 400), (large, 400)):
        assert house.post(push_).status_code == status
    doctype = push("secure", "<!DOCTYPE x>" + text("5星"), timestamp=NOW)
    assert house.post(doctype).status_code == 400
    assert (house.traces(), house.kept(), house.answers.called) == ([], 0, 0)


def test_an_answer_is_kept_longer_than_its_push_is_fresh() -> None:
    longest = Wechat.model_fields["callback_window"].metadata
    assert timedelta(seconds=next(one.le for one in longest if hasattr(one, "le"))) < housekeeping.INBOUND_KEPT


@pytest.mark.parametrize("mode", MODES)
def test_mutants_over_http_are_never_an_error_page(house_in: Callable[[str], House], mode: str) -> None:
    house, chance = house_in(mode), random.Random(7)
    genuine = push(mode, text("给张伟5星"), timestamp=NOW)
    statuses = set()
    for _ in range(150):
        query = dict(genuine.query)
        if chance.random() < 0.5:
            name = chance.choice(list(query))
            query[name] = chance.choice(["", "\x00", "é", query[name][:-1], query[name] * 9, "١٢٣"])
        statuses.add(house.post(Push(query, _mutated(chance, genuine.body))).status_code)
    assert statuses <= {200, 400, 403}
    if mode != "plain":
        assert set(house.traces()) <= {"给张伟5星"}


def test_the_application_has_the_callback_outside_csrf(tmp_path: Path) -> None:
    from feedback_app.app import create_app

    settings = settings_for(tmp_path, wechat=wechat("secure"))
    clock.move(Path(settings.sandbox.clock_file), NOON)
    app = create_app(settings)
    client: FlaskClient = app.test_client()
    query = push("plain", "<xml/>", timestamp=NOW).query
    assert client.get("/wechat", query_string={**query, "echostr": "7"}).text == "7"
    assert client.post("/wechat", query_string=query, data=b"x").status_code == 400
    assert client.post("/wechat", data=b"x").status_code == 403
    without = create_app(settings_for(tmp_path))
    assert without.test_client().get("/wechat").status_code == 404


def test_a_message_gets_its_time_when_its_turn_to_write_has_come(house: House) -> None:
    """Stamped before, a rating could fall into a month that is closed while it waits."""
    in_turn: list[bool] = []

    def probing() -> datetime:
        try:
            with house.runtime.transaction():
                in_turn.append(False)
        except RuntimeError:  # this thread already holds the turn
            in_turn.append(True)
        return NOON

    inbound = Inbound("k1", "o-1", "gh_1", "text", NOON, text="你好")
    assert webhook.answer_once(replace(house.runtime, clock=probing), house.answers, inbound).text == "收到：你好"
    assert in_turn == [True]


def test_an_open_question_is_kept_as_long_as_it_may_be_answered(house: House) -> None:
    for name, lasts in conversations.LASTS.items():
        with house.runtime.transaction() as session:
            conversations.remember(session, name, Step(name), NOON)
            housekeeping.sweep(session, NOON + lasts)
            assert conversations.current(session, name, NOON + lasts) == Step(name)
