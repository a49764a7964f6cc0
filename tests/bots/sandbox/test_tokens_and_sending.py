"""The facts of both platforms' interfaces, over HTTP: token life, windows, limits, silent drops."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bots.sandbox.app import create_sandbox
from bots.sandbox.client import SandboxClient
from bots.sandbox.server import running
from bots.sandbox.state import Member
from tests.bots.sandbox.calls import Calls
from tests.bots.sandbox.product import APP_ID, CORP_ID, SECRET, Product, sandbox_settings

MoveClock = Callable[[timedelta], None]


def test_classic_tokens_replace_each_other_with_five_minutes_overlap(calls: Calls, later: MoveClock) -> None:
    first = calls.classic()
    second = calls.classic()
    assert first != second
    assert (calls.works(first), calls.works(second)) == (0, 0)
    later(timedelta(minutes=6))
    assert (calls.works(first), calls.works(second)) == (40001, 0)
    later(timedelta(hours=3))
    assert calls.works(second) == 42001


def test_the_stable_token_stays_until_its_last_five_minutes(calls: Calls, later: MoveClock) -> None:
    first = calls.stable()
    later(timedelta(minutes=114))
    assert calls.stable()["access_token"] == first["access_token"]
    later(timedelta(minutes=116))
    second = calls.stable()
    assert second["access_token"] != first["access_token"]
    assert second["expires_in"] > 7_000
    assert (calls.works(first["access_token"]), calls.works(second["access_token"])) == (0, 0)


def test_forcing_works_thirty_seconds_apart_and_is_else_ignored(calls: Calls, later: MoveClock) -> None:
    first = calls.stable()["access_token"]
    second = calls.stable(force=True)["access_token"]
    assert first != second
    assert calls.works(first) == 40001
    assert calls.stable(force=True)["access_token"] == second
    later(timedelta(seconds=40))
    assert calls.stable(force=True)["access_token"] != second


def test_the_two_keepers_know_nothing_of_each_other(calls: Calls) -> None:
    stable = calls.stable()["access_token"]
    calls.classic()
    assert calls.stable()["access_token"] == stable


def test_another_system_kills_the_token_and_a_new_call_heals(calls: Calls, phones: SandboxClient) -> None:
    dead = calls.stable()["access_token"]
    phones.another_system_renews("wechat")
    assert calls.works(dead) == 40001
    assert calls.works(calls.stable()["access_token"]) == 0


def test_wrong_credentials_and_switches(calls: Calls, phones: SandboxClient) -> None:
    def code(app_id: str, secret: str) -> int:
        answer = calls.get("/cgi-bin/token", grant_type="client_credential", appid=app_id, secret=secret)
        return int(answer.get("errcode", 0))

    assert (code("wx-other", SECRET), code(APP_ID, "wrong")) == (40013, 40125)
    phones.switch(secret_frozen=True)
    assert code(APP_ID, SECRET) == 40243
    phones.switch(ip_refused=True)
    assert code(APP_ID, SECRET) == 40164
    assert calls.get("/cgi-bin/gettoken", corpid=CORP_ID, corpsecret="wrong")["errcode"] == 60020
    assert calls.works("") == 41001
    assert calls.works("made-up") == 40001


def test_wecom_gives_the_same_token_until_it_runs_out(calls: Calls, phones: SandboxClient, later: MoveClock) -> None:
    phones.members([{"userid": "D01"}])
    first = calls.corp()
    assert calls.corp() == first
    later(timedelta(seconds=7_300))
    assert calls.wecom(first, "D01", "hi")["errcode"] == 42001
    assert calls.corp() != first
    assert calls.wecom("made-up", "D01", "hi")["errcode"] == 40014


def test_five_customer_service_messages_within_48_hours(
    calls: Calls, phones: SandboxClient, product: Product, later: MoveClock
) -> None:
    token = calls.classic()
    phones.patient("o-wang")
    assert calls.custom(token, "o-wang", "hi") == 45015
    phones.say("o-wang", "你好")
    assert [calls.custom(token, "o-wang", "hi") for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    assert len(phones.received(openid="o-wang")) == 5
    phones.say("o-wang", "在吗")
    later(timedelta(hours=48, minutes=1))
    assert calls.custom(calls.classic(), "o-wang", "hi") == 45015


@pytest.mark.parametrize("action", ["follow", "scan", "click", "menu_choice"])
def test_three_within_a_minute_after_lesser_actions(
    calls: Calls, phones: SandboxClient, product: Product, later: MoveClock, action: str
) -> None:
    phones.patient("o-wang")
    {
        "follow": lambda: phones.follow("o-wang"),
        "scan": lambda: phones.scan("o-wang", "W03"),
        "click": lambda: phones.click("o-wang", "progress"),
        "menu_choice": lambda: phones.say("o-wang", "满意", menu_id="5"),
    }[action]()
    token = calls.classic()
    assert [calls.custom(token, "o-wang", "hi") for _ in range(4)] == [0, 0, 0, 45047]
    later(timedelta(seconds=150))
    assert calls.custom(token, "o-wang", "hi") == 45015


def test_custom_messages_refuse_the_too_long_and_the_unknown(calls: Calls, phones: SandboxClient) -> None:
    token = calls.classic()
    phones.say("o-wang", "你好")
    assert calls.custom(token, "o-wang", "好" * 683) == 45002
    assert calls.custom(token, "o-nobody", "hi") == 40003
    phones.unfollow("o-wang")
    assert calls.custom(token, "o-wang", "hi") == 45015


def test_template_needs_a_follower_the_right_template_and_fitting_values(calls: Calls, phones: SandboxClient) -> None:
    token = calls.classic()
    phones.patient("o-wang")
    phones.patient("o-gone", following=False)
    assert calls.template(token, "o-wang")["errcode"] == 0
    assert calls.template(token, "o-gone")["errcode"] == 43004
    assert calls.template(token, "o-wang", "字" * 21)["errcode"] == 47003
    assert calls.template(token, "o-wang", template_id="tpl-other")["errcode"] == 40037
    broken = calls.template(token, "o-wang", data={"phone_number3": {"value": "call me"}})
    assert broken["errcode"] == 47003
    assert "phone_number3" in broken["errmsg"]


def test_client_msg_id_is_remembered_for_ten_minutes(
    calls: Calls, phones: SandboxClient, product: Product, later: MoveClock
) -> None:
    token = calls.classic()
    phones.patient("o-wang")
    first = calls.template(token, "o-wang", client_msg_id="a")
    again = calls.template(token, "o-wang", client_msg_id="a")
    assert first["msgid"] == again["msgid"]
    assert len(phones.received(openid="o-wang")) == 1
    later(timedelta(seconds=700))
    calls.template(token, "o-wang", client_msg_id="a")
    assert len(phones.received(openid="o-wang")) == 2


@pytest.mark.parametrize("outcome", ["success", "failed:user block"])
def test_the_finish_event_comes_later(calls: Calls, phones: SandboxClient, product: Product, outcome: str) -> None:
    phones.patient("o-wang", template_outcome=outcome)
    sent = calls.template(calls.classic(), "o-wang")
    phones.settle()
    (finish,) = product.callbacks
    assert finish.inner["Event"] == "TEMPLATESENDJOBFINISH"
    assert finish.inner["MsgID"] == str(sent["msgid"])
    assert finish.inner["Status"] == outcome
    assert len(phones.received(openid="o-wang")) == (outcome == "success")


def test_subscription_notices_spend_their_consent(calls: Calls, phones: SandboxClient, product: Product) -> None:
    token = calls.classic()
    body = {"touser": "o-wang", "template_id": "notice-1", "data": {"thing1": {"value": "已答复"}}}
    phones.consent("o-wang", "notice-1")
    sent = [calls.post("/cgi-bin/message/subscribe/bizsend", body, access_token=token)["errcode"] for _ in range(2)]
    assert sent == [0, 43101]
    phones.settle()
    events = [one.inner["Event"] for one in product.callbacks]
    assert events == ["subscribe_msg_popup_event", "subscribe_msg_sent_event"]


def test_quotas_run_out_and_are_cleared_ten_times_a_month(calls: Calls, phones: SandboxClient) -> None:
    token = calls.classic()
    phones.say("o-wang", "你好")
    phones.quotas({"/cgi-bin/message/custom/send": 1})
    assert [calls.custom(token, "o-wang", "hi") for _ in range(2)] == [0, 45009]
    cleared = [calls.post("/cgi-bin/clear_quota", {"appid": APP_ID}, access_token=token)["errcode"] for _ in range(11)]
    assert cleared == [0] * 10 + [48006]
    assert calls.custom(token, "o-wang", "hi") == 0


def test_wecom_tells_the_invalid_and_refuses_when_nobody_is_left(calls: Calls, phones: SandboxClient) -> None:
    phones.members([{"userid": "D01"}, {"userid": "D02"}])
    token = calls.corp()
    partly = calls.wecom(token, "d01|GONE|D02", "十月结果")
    assert (partly["errcode"], partly["invaliduser"]) == (0, "gone")
    assert [one.text for one in phones.received(userid="D01")] == ["十月结果"]
    assert calls.wecom(token, "GONE", "hi")["errcode"] == 81013
    phones.member_leaves("D02")
    assert calls.wecom(token, "D02", "hi")["errcode"] == 81013
    assert calls.wecom(token, "D01", "hi", agentid=7)["errcode"] == 40056


def test_wecom_silently_drops_above_thirty_a_minute(calls: Calls, phones: SandboxClient, later: MoveClock) -> None:
    phones.members([{"userid": "D01"}])
    token = calls.corp()
    assert {calls.wecom(token, "D01", f"{n}")["errcode"] for n in range(32)} == {0}
    assert phones.counts().received["userid"]["D01"] == 30
    assert phones.counts().dropped == {"wecom_rate": 2}
    later(timedelta(seconds=150))
    calls.wecom(token, "D01", "again")
    assert phones.counts().received["userid"]["D01"] == 31


def test_wecom_duplicate_check_compares_the_whole_request(
    calls: Calls, phones: SandboxClient, later: MoveClock
) -> None:
    phones.members([{"userid": "D01"}])
    token = calls.corp()
    for text in ("a", "a", "b"):
        assert calls.wecom(token, "D01", text, enable_duplicate_check=1)["errcode"] == 0
    assert [one.text for one in phones.received(userid="D01")] == ["a", "b"]
    later(timedelta(seconds=1_900))
    calls.wecom(token, "D01", "a", enable_duplicate_check=1)
    assert len(phones.received(userid="D01")) == 3


def test_webhook_twenty_a_minute_known_keys_and_2048_bytes(
    calls: Calls, phones: SandboxClient, later: MoveClock
) -> None:
    assert calls.webhook("hi", key="unknown") == 93000
    assert calls.webhook("好" * 683) == 45002
    assert [calls.webhook("hi") for _ in range(21)] == [0] * 20 + [45009]
    assert len(phones.received(webhook="心血管内科")) == 20
    later(timedelta(seconds=150))
    assert calls.webhook("hi") == 0


@pytest.mark.parametrize("path", ["/cgi-bin/message/custom/send", "/cgi-bin/qrcode/create", "/cgi-bin/menu/create"])
@pytest.mark.parametrize("body", [[], "x", {"button": [1]}, {"action_info": 3, "touser": {}}])
def test_broken_bodies_get_an_errcode(calls: Calls, path: str, body: object) -> None:
    assert calls.post(path, body, access_token=calls.classic())["errcode"] > 0


def test_members_come_from_the_directory_until_they_are_removed(tmp_path: Path) -> None:
    settings = sandbox_settings(tmp_path)
    app = create_sandbox(settings, members=lambda: [Member("D01", "张伟"), Member("D02", "张敏")])
    with running(app) as address, Calls(address) as calls, SandboxClient(address) as phones:
        assert calls.wecom(calls.corp(), "D01|D02", "hi")["invaliduser"] == ""
        phones.member_leaves("D02")
        assert calls.wecom(calls.corp(), "D01|D02", "hi")["invaliduser"] == "d02"
        assert phones.counts().received["userid"] == {"D01": 2, "D02": 1}
