"""Our wire against the sandbox's, which is written from the same facts and shares no code with it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask

from bots import webhook
from bots.channels import open_channels
from bots.clients.official_account import OfficialAccount
from bots.sandbox.app import create_sandbox
from bots.sandbox.client import SandboxClient
from bots.sandbox.server import running
from bots.wecom import WecomIdentity
from feedback_app import clock
from feedback_app.db.base import Base
from feedback_app.errors import Refused
from feedback_app.services import people
from feedback_app.services.deliveries import FAILED, RETRY, SENT, UNKNOWN, Outgoing
from feedback_app.services.runtime import Runtime
from tests.bots.doubles import closed_port
from tests.bots.test_webhook import Answers
from tests.bots.wire import MODES, wechat
from tests.conftest import NOON, settings_for

GROUP = "693a91f6-0000-4bc4-97a0-0ec2sifa5aaa"


@dataclass(frozen=True)
class Town:
    """A hospital and the platforms, each at its own address."""

    runtime: Runtime
    answers: Answers
    phones: SandboxClient

    def send(self, channel: str, recipient: str, text: str, key: str = "k") -> str:
        payload: dict[str, Any] = {"title": "服务之星", "text": text, "url": "http://127.0.0.1/stars"}
        made = Outgoing(1, f"{key}|{channel}", "star_result", channel, recipient, payload)
        return open_channels(self.runtime)[channel].deliver(made).state


@pytest.fixture
def town(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    mode = getattr(request, "param", "secure")
    ours, theirs = closed_port(), closed_port()
    platform = f"http://127.0.0.1:{theirs}"
    settings = settings_for(
        tmp_path,
        server={"base_url": f"http://127.0.0.1:{ours}"},
        sandbox={"enabled": True},
        wechat=wechat(mode, api_base=platform, open_base=platform, result_template="tpl-result"),
        wecom={
            "enabled": True,
            "corp_id": "ww5a7d0b0c5a7d0b0c",
            "agent_id": 1_000_002,
            "secret": "the-corp-secret",
            "api_base": platform,
            "open_base": platform,
            "webhooks": {"心血管内科": GROUP},
        },
    )
    clock.move(Path(settings.sandbox.clock_file), NOON)
    with ExitStack() as closing:
        runtime = Runtime.open(settings)
        closing.callback(runtime.close)
        with runtime.transaction() as session:
            Base.metadata.create_all(session.connection())
        answers, app = Answers(), Flask("hospital")
        app.register_blueprint(webhook.make_blueprint(webhook.Endpoint(runtime, answers)))
        closing.enter_context(running(app, ours))
        closing.enter_context(running(create_sandbox(settings), theirs))
        phones = closing.enter_context(SandboxClient(platform))
        phones.patient("oWang", "王芳")
        phones.members([{"userid": "d01", "name": "张伟"}])
        yield Town(runtime, answers, phones)


@pytest.mark.parametrize("town", MODES, indirect=True)
def test_a_patient_talks_in_every_mode(town: Town) -> None:
    phones = town.phones
    assert phones.verifies()
    assert (phones.follow("oWang", "D01").kind, phones.scan("oWang", "D01").kind) == ("nothing", "nothing")
    awkward = "给张伟5星 ]]></Content><MsgType><![CDATA[image]]>&<b>👍"
    shown = phones.say("oWang", awkward)
    assert (shown.kind, shown.shown, shown.tries) == ("text", f"收到：{awkward}", 1)
    assert [one.shown for one in phones.repeat(3)] == [f"收到：{awkward}"] * 3
    assert town.answers.called == 3
    assert phones.picture("oWang").kind == phones.voice("oWang").kind == "nothing"
    assert phones.say("oWang", "好" * 680).shown.endswith("…")
    assert phones.unfollow("oWang").kind == "nothing"


def test_members_and_groups_receive_once(town: Town) -> None:
    assert [town.send("wecom", "d01", "本月 4.8 分") for _ in range(2)] == [SENT, SENT]
    assert town.send("wecom", "d01", "本月 4.8 分", key="another") == SENT
    assert len(town.phones.received(userid="d01")) == 2
    assert town.send("wecom", "nobody", "本月 4.8 分") == FAILED
    assert town.send("wecom_group", "心血管内科", "本月 4.8 分") == SENT
    assert "4.8" in town.phones.received(webhook="心血管内科")[0].text


def test_a_robot_of_a_group_needs_no_application(town: Town) -> None:
    wecom = town.runtime.settings.wecom.model_copy(update={"enabled": False})
    settings = town.runtime.settings.model_copy(update={"wecom": wecom})
    without = replace(town, runtime=replace(town.runtime, settings=settings))
    assert "wecom" not in open_channels(without.runtime)
    assert without.send("wecom_group", "心血管内科", "本月 4.8 分") == SENT


def test_an_answer_that_never_came(town: Town) -> None:
    """Done, and then the line broke: sent again only where the platform shows a repeat once."""
    town.phones.fault("cut_done", path="/cgi-bin/message/send")
    assert [town.send("wecom", "d01", "本月 4.8 分") for _ in range(2)] == [RETRY, SENT]
    assert len(town.phones.received(userid="d01")) == 1
    town.phones.fault("cut_done", path="/cgi-bin/webhook/send")
    assert town.send("wecom_group", "心血管内科", "本月 4.8 分") == UNKNOWN
    assert len(town.phones.received(webhook="心血管内科")) == 1


def test_a_patient_receives_a_message_and_later_a_template(town: Town) -> None:
    town.phones.template("tpl-result", {"thing1": "评选", "thing2": "结果"})
    town.phones.say("oWang", "您好")
    with town.runtime.transaction() as session:
        app_id = town.runtime.settings.wechat.app_id
        people.meet(session, town.runtime.vault, "oWang", app_id=app_id, now=NOON)
    assert town.send("official_account", "oWang", "回复您的投诉") == SENT
    clock.move(Path(town.runtime.settings.sandbox.clock_file), NOON.replace(day=25))
    assert town.send("official_account", "oWang", "本月结果", key="later") == SENT
    assert [one.channel for one in town.phones.received(openid="oWang") if one.channel != "reply"] == [
        "custom",
        "template",
    ]
    assert town.phones.counts().calls["/cgi-bin/message/custom/send"] == 1  # not asked where the answer is known
    town.phones.fault("cut_done", path="/cgi-bin/message/template/send")
    assert [town.send("official_account", "oWang", "再说一次", key="cut") for _ in range(2)] == [RETRY, SENT]
    assert len([one for one in town.phones.received(openid="oWang") if one.channel == "template"]) == 2
    town.phones.settle()  # TEMPLATESENDJOBFINISH comes to us and is taken
    town.phones.unfollow("oWang")
    assert town.send("official_account", "oWang", "本月结果", key="gone") == FAILED


def test_a_token_killed_by_another_system_is_renewed(town: Town) -> None:
    account = OfficialAccount(town.runtime)
    town.phones.say("oWang", "您好")
    account.send_text("oWang", "一")
    town.phones.another_system_renews()
    account.send_text("oWang", "二")
    assert [one.text for one in town.phones.received(openid="oWang") if one.channel == "custom"] == ["一", "二"]


def test_a_scene_and_a_sign_in(town: Town) -> None:
    code = OfficialAccount(town.runtime).create_code("D01")
    assert town.phones.scan("oWang", code.url).kind == "nothing"
    town.phones.switch(phone_userid="d01", phone_openid="oWang")
    identity, account = WecomIdentity(town.runtime), OfficialAccount(town.runtime)
    back = f"{town.runtime.settings.server.base_url}/in"
    member, patient = (
        _came_back(page) for page in (identity.authorize_url(back, "s1"), account.authorize_url(back, "s2"))
    )
    assert (member["state"], identity.identify(member["code"])) == ("s1", "d01")
    assert (patient["state"], account.openid_of(patient["code"])) == ("s2", "oWang")
    with pytest.raises(Refused):
        identity.identify(member["code"])
    with pytest.raises(Refused):
        account.openid_of(patient["code"])


def _came_back(page: str) -> dict[str, str]:
    answered = requests.get(page, allow_redirects=False, timeout=10)
    return {name: values[0] for name, values in parse_qs(urlsplit(answered.headers["Location"]).query).items()}
