"""What can go wrong on request: with and without effect, garbled answers, dead tokens."""

from pathlib import Path

import pytest
import requests

from bots.sandbox import faults
from bots.sandbox.app import create_sandbox
from bots.sandbox.client import SandboxClient
from feedback_app.errors import ConfigurationError
from tests.bots.sandbox.calls import Calls
from tests.bots.sandbox.product import AGENT
from tests.conftest import settings_for

SEND = "/cgi-bin/message/send"


@pytest.fixture
def token(calls: Calls, phones: SandboxClient) -> str:
    phones.members([{"userid": "D01"}])
    return calls.corp()


def arrived(phones: SandboxClient) -> int:
    return len(phones.received(userid="D01"))


@pytest.mark.parametrize(("kind", "effect"), [("busy", 0), ("busy_done", 1)])
def test_busy_without_and_with_effect(calls: Calls, phones: SandboxClient, token: str, kind: str, effect: int) -> None:
    phones.fault(kind, path=SEND)
    assert calls.wecom(token, "D01", "hi")["errcode"] == -1
    assert arrived(phones) == effect
    assert calls.wecom(token, "D01", "hi")["errcode"] == 0  # once only


def test_bad_gateway_is_a_page_and_does_nothing(calls: Calls, phones: SandboxClient, token: str, address: str) -> None:
    phones.fault("bad_gateway", path="/cgi-bin/message/*")
    answer = calls.session.post(address + SEND, params={"access_token": token}, json={})
    assert answer.status_code == 502
    assert "text/html" in answer.headers["Content-Type"]
    assert arrived(phones) == 0


def test_time_out_after_effect(calls: Calls, phones: SandboxClient, token: str, address: str) -> None:
    phones.fault("timeout_done", path=SEND, seconds=0.5)
    body = {"touser": "D01", "agentid": AGENT, "msgtype": "text", "text": {"content": "hi"}}
    with pytest.raises(requests.ReadTimeout):
        calls.session.post(address + SEND, params={"access_token": token}, json=body, timeout=0.2)
    assert arrived(phones) == 1


@pytest.mark.parametrize(("kind", "effect"), [("cut", 0), ("cut_done", 1)])
def test_a_connection_that_breaks_off(
    calls: Calls, phones: SandboxClient, token: str, address: str, kind: str, effect: int
) -> None:
    phones.fault(kind, path=SEND)
    body = {"touser": "D01", "agentid": AGENT, "msgtype": "text", "text": {"content": "hi"}}
    with pytest.raises(requests.ConnectionError):
        calls.session.post(address + SEND, params={"access_token": token}, json=body, timeout=30)
    assert arrived(phones) == effect


def test_no_more_today(calls: Calls, phones: SandboxClient, token: str) -> None:
    phones.fault("quota", path=SEND)
    assert calls.wecom(token, "D01", "hi")["errcode"] == 45009
    assert arrived(phones) == 0


def test_garbled_answers(calls: Calls, phones: SandboxClient, token: str) -> None:
    phones.fault("text_errcode", path=SEND)
    phones.fault("no_errcode", path=SEND)
    phones.fault("extra_fields", path=SEND)
    text, bare, more = (calls.wecom(token, "D01", "hi") for _ in range(3))
    assert text["errcode"] == "0"
    assert "errcode" not in bare and bare["msgid"]
    assert more["errcode"] == 0 and more["hint"]
    assert arrived(phones) == 3


def test_a_token_invalidated_by_another_system(calls: Calls, phones: SandboxClient, token: str) -> None:
    phones.fault("token_invalidated", path=SEND)
    assert calls.wecom(token, "D01", "hi")["errcode"] == 40014
    assert calls.wecom(calls.corp(), "D01", "hi")["errcode"] == 0


def test_a_share_of_calls_fails_the_same_way_each_time(calls: Calls, phones: SandboxClient, token: str) -> None:
    phones.fault("busy", path="/cgi-bin/webhook/*", share=0.5, times=0)
    outcomes = [calls.webhook("hi") for _ in range(20)]
    assert set(outcomes) == {0, -1}
    phones.clear_faults()
    assert calls.wecom(token, "D01", "hi")["errcode"] == 0


def test_faults_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text('seed = 3\n[[fault]]\nkind = "slow"\npath = "/cgi-bin/*"\n[[fault]]\nkind = "busy"\nshare = 0.3\n')
    slow, busy = faults.read(file).wanted
    assert (slow.kind, slow.seconds, busy.share) == ("slow", 6.0, 0.3)


@pytest.mark.parametrize("text", ['[[fault]]\nkind = "x"', '[[fault]]\nkind = "busy"\nshar = 1', "fault ="])
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(ValueError):
        faults.read(file)


def test_production_has_no_sandbox(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="sandbox.disabled"):
        create_sandbox(settings_for(tmp_path, sandbox={"enabled": False}))


def test_reset_forgets_people_but_not_the_account(calls: Calls, phones: SandboxClient, token: str) -> None:
    calls.wecom(token, "D01", "hi")
    phones.reset()
    assert phones.counts().received == {}
    assert calls.wecom(token, "D01", "hi")["errcode"] == 40014


def test_another_website_cannot_press_buttons(address: str) -> None:
    answer = requests.post(f"{address}/sandbox/api/reset", headers={"Sec-Fetch-Site": "cross-site"}, json={}, timeout=5)
    assert answer.status_code == 403
