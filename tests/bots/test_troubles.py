"""What an administrator can put right is shown with its fix, and goes away by itself. Against the sandbox and a double."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.channels import open_channels
from bots.clients.official_account import OfficialAccount
from bots.clients.reactions import PlatformError
from feedback_app.cli import _check
from feedback_app.services import platform_problems
from feedback_app.services.deliveries import FAILED, SENT, Outgoing
from feedback_app.services.platform_problems import Problem
from feedback_app.services.reasons import words
from feedback_app.services.runtime import Runtime
from tests.bots.doubles import Say, platform
from tests.bots.town import Town, prepare, town
from tests.bots.wire import wechat
from tests.conftest import settings_for
from tests.console import sign_in


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, result_template="tpl") as opened:
        opened.phones.say("oWang", "您好")
        yield opened


def problems(runtime: Runtime) -> list[Problem]:
    with runtime.reading() as session:
        return list(platform_problems.listed(session))


def send(place: Town, key: str) -> tuple[str, str]:
    made = Outgoing(1, key, "star_result", "official_account", "oWang", {"title": "一", "text": "二"})
    outcome = open_channels(place.runtime)["official_account"].deliver(made)
    return outcome.state, words(outcome.detail, "zh")


def console(place: Town, language: str = "zh") -> str:
    client = place.app.test_client()
    sign_in(client, place.runtime)
    return client.get(f"/admin/deliveries?lang={language}").text


@pytest.mark.parametrize(
    ("switch", "number", "fix"), [("ip_refused", 40164, "IP白名单"), ("secret_frozen", 40243, "解冻或重置")]
)
def test_a_refused_account_is_shown_with_its_fix_until_it_works_again(
    place: Town, switch: str, number: int, fix: str
) -> None:
    assert "需要管理员处理" not in console(place)
    place.phones.switch(**{switch: True})
    state, why = send(place, "a")
    assert (state, str(number) in why) == (FAILED, True)
    (problem,) = problems(place.runtime)
    assert (problem.number, problem.platform, problem.address) == (
        number, "wechat", "127.0.0.1" if number == 40164 else "",
    )  # fmt: skip
    page = console(place)
    assert "需要管理员处理" in page and fix in page
    assert "127.0.0.1" in page or number != 40164
    assert "An administrator is needed" in console(place, "en")
    assert any(one.level == _check.WRONG and fix in one.detail for one in _check.examine(place.runtime))
    place.phones.switch(**{switch: False})
    assert send(place, "b")[0] == SENT
    assert problems(place.runtime) == []
    assert "需要管理员处理" not in console(place)


def test_another_process_sees_it_solved(place: Town) -> None:
    place.phones.quotas({"/cgi-bin/message/custom/send": 0})
    assert send(place, "a")[0] != SENT
    assert [one.number for one in problems(place.runtime)] == [45009]
    place.phones.quotas({"/cgi-bin/message/custom/send": 100})
    assert send(place, "b")[0] == SENT  # a channel opened anew, as in another process
    assert problems(place.runtime) == []


def test_many_refusals_are_one_line_and_the_platforms_words_stay_out(tmp_path: Path) -> None:
    with platform() as double:
        settings = settings_for(tmp_path, wechat=wechat("secure", api_base=double.address))
        runtime = Runtime.open(settings)
        prepare(runtime)
        told = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, <script>secret the-app-secret</script> rid: 1"
        double.script["cgi-bin/stable_token"] = [Say({"errcode": 40164, "errmsg": told})]
        account = OfficialAccount(runtime)
        for _ in range(5):
            with pytest.raises(PlatformError):
                account.send_text("oWang", "您好")
        (problem,) = problems(runtime)
        assert (problem.path, problem.address, problem.count) == ("token", "203.0.113.7", 1)
        for language in ("zh", "en"):
            assert "203.0.113.7" in problem.fix(language)
            assert "script" not in problem.fix(language) and "secret the" not in problem.fix(language)
        runtime.close()


@pytest.mark.parametrize("number", [40164, 89503, 60020, 40125, 40243, 40013, 48001, 40037, 40249, 45009, 93000, 12345])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_number_has_words(runtime: Runtime, number: int, language: str) -> None:
    at = runtime.now()
    fix = Problem("wechat:wx", "p", number, "fail", "10.0.0.1", at, at, 1).fix(language)
    assert fix and "{" not in fix
    assert number not in {40164, 89503, 60020} or "10.0.0.1" in fix
    assert number != 12345 or "12345" in fix
