"""The product's own wire and clients against the sandbox: two independent readings of the same facts meet."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from bots import webhook
from bots.clients.official_account import OfficialAccount
from bots.clients.reactions import PlatformError
from bots.clients.wecom import Wecom
from bots.messages import Inbound, Reply
from bots.sandbox.app import create_sandbox
from bots.sandbox.client import SandboxClient
from bots.sandbox.server import running, server
from feedback_app import clock
from feedback_app.db.base import Base
from feedback_app.errors import Refused
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session
from tests.bots.sandbox.product import AES_KEY, AGENT, APP_ID, CORP_ID, CORP_SECRET, GROUP_KEY, SECRET, TOKEN
from tests.conftest import NOON, settings_for

MODES = ["plain", "compatible", "secure"]


@dataclass
class House:
    """A product with both platforms at a sandbox."""

    runtime: Runtime
    phones: SandboxClient
    answered: list[Inbound]

    @property
    def account(self) -> OfficialAccount:
        return OfficialAccount(self.runtime)

    @property
    def wecom(self) -> Wecom:
        return Wecom(self.runtime)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


@contextmanager
def opened(folder: Path, mode: str) -> Iterator[House]:
    clock.move(folder / "clock", NOON)
    api, web = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    settings = settings_for(
        folder,
        server={"base_url": web},
        sandbox={"enabled": True},
        wechat={
            "enabled": True, "app_id": APP_ID, "app_secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY,
            "mode": mode, "api_base": api, "open_base": api, "result_template": "tpl-result",
        },
        wecom={
            "enabled": True, "corp_id": CORP_ID, "agent_id": AGENT, "secret": CORP_SECRET, "api_base": api,
            "open_base": api, "webhooks": {"内科": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={GROUP_KEY}"},
        },
    )  # fmt: skip
    runtime = Runtime.open(settings)
    with runtime.transaction() as session:
        Base.metadata.create_all(session.connection())
    answered: list[Inbound] = []

    def answer(session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply:
        answered.append(inbound)
        return Reply(f"收到：{inbound.text or inbound.event_key}]]><" if inbound.event != "unsubscribe" else "")

    product = Flask("product")
    product.register_blueprint(webhook.make_blueprint(webhook.Endpoint(runtime, answer)))
    with running(product, port_of(web)), running(create_sandbox(settings), port_of(api)), SandboxClient(api) as phones:
        yield House(runtime, phones, answered)
    runtime.close()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.fixture(params=MODES)
def in_each_mode(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path, request.param) as house:
        yield house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path, "secure") as made:
        yield made


@pytest.fixture
def later(tmp_path: Path) -> Callable[[timedelta], None]:
    return lambda passed: clock.move(tmp_path / "clock", NOON + passed)


def test_the_product_understands_every_push_and_its_answers_pass_the_judge(in_each_mode: House) -> None:
    phones = in_each_mode.phones
    assert phones.verifies()
    assert phones.follow("o-wang", "W03").shown == "收到：W03]]><"
    assert phones.say("o-wang", "给张伟医生5星").shown == "收到：给张伟医生5星]]><"
    assert phones.voice("o-wang", "医生很好").shown == "收到：医生很好]]><"
    assert phones.unfollow("o-wang").kind == "nothing"
    assert [one.kind for one in in_each_mode.answered] == ["event", "text", "voice", "event"]


def test_a_message_pushed_three_times_is_answered_once_and_alike(in_each_mode: House) -> None:
    first = in_each_mode.phones.say("o-wang", "给张伟医生5星")
    again = in_each_mode.phones.repeat(2)
    assert {one.shown for one in again} == {first.shown}
    assert len(in_each_mode.answered) == 1


def test_tokens_are_fetched_once_and_healed_after_another_system_took_over(house: House) -> None:
    house.phones.say("o-wang", "你好")
    house.account.send_text("o-wang", "一")
    OfficialAccount(house.runtime).send_text("o-wang", "二")
    assert house.phones.counts().calls["/cgi-bin/stable_token"] == 1
    house.phones.another_system_renews("wechat")
    house.account.send_text("o-wang", "三")
    received = [one.text for one in house.phones.received(openid="o-wang") if one.channel == "custom"]
    assert received == ["一", "二", "三"]
    assert house.phones.counts().calls["/cgi-bin/stable_token"] == 2


def test_the_client_passes_the_platforms_refusals_on(house: House, later: Callable[[timedelta], None]) -> None:
    house.phones.patient("o-quiet")
    with pytest.raises(PlatformError) as closed:
        house.account.send_text("o-quiet", "hi")
    assert closed.value.errcode == 45015
    house.phones.patient("o-gone", following=False)
    with pytest.raises(PlatformError) as left:
        house.account.send_template("o-gone", "tpl-result", {"thing1": "结果"}, url="", client_msg_id="1")
    assert left.value.errcode == 43004
    house.phones.members([{"userid": "D01"}])
    with pytest.raises(PlatformError) as nobody:
        house.wecom.send_text("gone", "hi", distinct=1)
    assert nobody.value.errcode == 81013


def test_template_values_of_any_length_fit_the_platforms_types(house: House) -> None:
    house.phones.patient("o-wang")
    house.account.send_template("o-wang", "tpl-result", {"thing1": "很长" * 40}, url="http://a/", client_msg_id="1")
    house.phones.settle()
    assert house.phones.received(openid="o-wang")[0].kind == "template"


def test_a_repeated_wecom_message_is_swallowed_and_a_group_gets_its_own(house: House) -> None:
    house.phones.members([{"userid": "D01"}])
    house.wecom.send_text("D01", "您的十月", distinct=7)
    house.wecom.send_text("D01", "您的十月", distinct=7)
    house.wecom.send_text("D01", "您的十月", distinct=8)
    assert len(house.phones.received(userid="D01")) == 2
    house.wecom.send_to_group("内科", {"msgtype": "text", "text": {"content": "十月光荣榜"}})
    assert [one.text for one in house.phones.received(webhook="内科")] == ["十月光荣榜"]


@pytest.mark.parametrize("kind", ["busy", "busy_done", "bad_gateway", "timeout_done"])
def test_every_failure_of_a_send_reaches_the_caller_as_a_platform_error(house: House, kind: str) -> None:
    house.phones.members([{"userid": "D01"}])
    house.wecom.token()
    house.phones.fault(kind, path="/cgi-bin/message/send", seconds=0.1)
    with pytest.raises(PlatformError):
        house.wecom.send_text("D01", "您的十月", distinct=7)


@pytest.mark.parametrize("kind", ["text_errcode", "no_errcode", "extra_fields", "token_invalidated"])
def test_odd_but_successful_answers_are_successes(house: House, kind: str) -> None:
    house.phones.members([{"userid": "D01"}])
    house.wecom.token()
    house.phones.fault(kind, path="/cgi-bin/message/send")
    house.wecom.send_text("D01", "您的十月", distinct=7)
    assert len(house.phones.received(userid="D01")) == 1


def test_a_made_code_scanned_brings_its_scene(house: House) -> None:
    made = house.account.create_code("0001-7XK2-9QDM", expires_in=None)
    house.phones.scan("o-li", made.url)
    assert house.answered[0].event_key == "0001-7XK2-9QDM"


def test_pictures_are_fetched_by_their_number(house: House) -> None:
    house.phones.picture("o-li")
    assert house.account.media(house.answered[0].media_id).body.startswith(b"\xff\xd8")


def test_a_snapshot_page_is_nobody(house: House) -> None:
    house.phones.patient("o-li", snapshot=True)
    with pytest.raises(Refused, match="wechat.code_used"):
        house.account.openid_of("made-up")


def test_the_port_can_be_taken_only_once(tmp_path: Path) -> None:
    first = server(Flask("first"))
    with pytest.raises(OSError):
        server(Flask("second"), first.port)
    first.server_close()
