"""What is set up on the account itself: the menu and its own codes; and how somebody leaves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from feedback_app import clock
from feedback_app.cli import wechat as command
from feedback_app.db.complaints import Case
from feedback_app.db.conversations import Conversation
from feedback_app.db.people import Person
from feedback_app.db.ratings import Rating
from feedback_app.errors import ConfigurationError
from feedback_app.services import case_words, codes, own_data, posters, verification
from feedback_app.services.codes import Wanted
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import Settings
from tests.bots.town import Town, town
from tests.bots.wire import wechat
from tests.conftest import NOON, settings_for
from tests.secrets_of_cases import contacts


class Door:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def settings(self) -> Settings:
        return self._settings

    def runtime(self) -> Any:
        return opened(self._settings)


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(command.wechat, list(words), obj=Door(settings))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, scan_opens_chat=True) as opened_town:
        yield opened_town


def test_the_menu_is_taken_and_every_button_leads_somewhere(place: Town) -> None:
    dry = run(place.runtime.settings, "menu", "--dry-run")
    wanted = json.loads(dry.stdout)["button"]
    assert "/cgi-bin/menu/create" not in place.phones.counts().calls
    assert run(place.runtime.settings, "menu").exit_code == 0
    assert place.phones.counts().calls["/cgi-bin/menu/create"] == 1
    assert [one["name"] for one in wanted] == ["评价", "投诉建议", "我的"]
    below = [button for top in wanted for button in top["sub_button"]]
    assert all(len(top["sub_button"]) <= 5 and len(top["name"]) <= 4 for top in wanted)
    assert all(len(button["name"]) <= 7 and len(button.get("key", "").encode()) <= 128 for button in below)
    for button in below:
        if button["type"] == "view":
            assert requests.get(button["url"], timeout=10).status_code == 200
        else:
            assert place.phones.click("oWang", button["key"]).kind == "text"
    said = {place.phones.click("oWang", key).shown for key in ("stars.rate", "stars.complain", "stars.mine")}
    assert len(said) == 3
    assert place.phones.click("oWang", "stars.rate").shown == place.phones.click("oWang", "rate").shown


def test_the_menu_of_another_server_is_not_replaced_by_accident(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, wechat=wechat("secure", role="front", upstream="http://127.0.0.1:9/wechat"))
    assert run(settings, "menu").exit_code == 2
    assert run(settings, "menu", "--dry-run").exit_code == 0


def test_without_an_account_it_says_so(tmp_path: Path, runtime: Runtime) -> None:
    assert isinstance(run(runtime.settings, "menu").exception, ConfigurationError)


def test_codes_are_made_once_and_printed_and_open_the_chat(place: Town) -> None:
    settings = place.runtime.settings
    text = place.code("W03")
    place.code("D01")
    assert json.loads(run(settings, "codes", "--dry-run").stdout) == {"missing": 2}
    assert json.loads(run(settings, "codes", "--most", "1").stdout) == {"made": 1}
    assert json.loads(run(settings, "codes").stdout) == {"made": 1}
    assert json.loads(run(settings, "codes").stdout) == {"made": 0}
    assert place.phones.counts().calls["/cgi-bin/qrcode/create"] == 2
    with place.runtime.reading() as session:
        row = codes.rows(session, place.address, Wanted(codes=(text,)))[0]
    assert row.url == f"{place.address}/s/{text}"  # what scripts rely on stays the form
    assert posters.drawn(row, settings) == row.chat_url != row.url
    with place.runtime.reading() as session:
        elsewhere = settings_for(Path(settings.sandbox.clock_file).parent)
        assert posters.drawn(row, elsewhere) == row.url
    shown = place.phones.scan("oWang", row.chat_url)
    assert "3号收费窗口" in shown.shown and f"/s/{text}" in shown.shown
    place.phones.patient("oNew", "新来的", following=False)
    assert "3号收费窗口" in place.phones.scan("oNew", row.chat_url).shown


def test_leaving_takes_everything_that_leads_to_a_person(place: Town) -> None:
    phones = place.phones
    phones.say("oWang", "给张伟1星，排队三小时没人管")
    phones.say("oWang", "我要投诉，收费处态度很差，骂人")
    before = place.person("oWang")
    assert {one.rater_hash for one in place.all(Rating)} == {before}
    assert [one.hash for one in place.all(Person)] == [before]
    with place.runtime.transaction() as session:  # asked for, and agreed to, while it was filed
        first = session.query(Case).order_by(Case.id).limit(1).one()
        case_words.keep_contact(session, first, place.runtime.vault.seal("13800000000"), place.runtime.now())
    open_cases = len(place.all(Case))
    assert open_cases
    assert phones.unfollow("oWang").kind == "nothing"
    ratings, cases = place.all(Rating), place.all(Case)
    assert [(one.score, one.status, one.service_point_id) for one in ratings][0][:2] == (1, "counted")
    assert len(cases) == open_cases and {one.state for one in cases} == {"open"}
    assert contacts(place.runtime) == ["13800000000"]
    left = {one.rater_hash for one in ratings} | {one.complainant_hash for one in cases}
    assert (
        before not in left and len(left) == 1
    )  # one nameless person: a second rating of that day still does not count
    assert (place.all(Person), place.all(Conversation)) == ([], [])
    with place.runtime.reading() as session:
        assert list(verification.problems(session, place.runtime.vault, NOON)) == []
    phones.follow("oWang")
    clock.move(Path(place.runtime.settings.sandbox.clock_file), NOON)
    assert "张伟" not in phones.click("oWang", "stars.mine").shown
    assert cases[0].number not in phones.click("oWang", "stars.progress").shown


@pytest.mark.parametrize("words", ["我的数据", "删除我的信息", "你们存了我哪些信息", "my data", "مېنىڭ ئۇچۇرۇم"])
def test_own_data_by_message_leads_to_a_page_for_this_person_alone(place: Town, words: str) -> None:

    phones = place.phones
    phones.follow("oWang")
    phones.say("oWang", "给张伟医生5星，讲得很清楚")
    shown = phones.say("oWang", words).shown
    ticket = shown.split("/mine/")[1].split()[0]
    with place.runtime.reading() as session:
        person = own_data.person_of(place.runtime.vault, ticket, place.runtime.now())
        assert own_data.collect(session, place.runtime.vault, person).ratings[0].comment.endswith("讲得很清楚")
