"""Issue 10, shown by 4: events reach other systems signed and in order, also after a day of silence, or are listed."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from bots.clients import pinned
from feedback_app import clock, jobs
from feedback_app.app import open_channels
from feedback_app.db.outbox import OutboxMessage
from feedback_app.domain import webhook_addresses
from feedback_app.domain.complaints import ANSWER
from feedback_app.errors import Refused
from feedback_app.jobs import Worker
from feedback_app.services import case_steps, complaints, ratings, webhooks_out
from feedback_app.services.case_steps import Step
from feedback_app.services.complaints import Filing
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.webhooks_out import EVENTS, LOW, MOVED
from feedback_app.settings import Settings
from tests.conftest import NOON, settings_for
from tests.console import csrf, sign_in
from tests.receivers import Receiver, receiver

MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path, webhooks={"inner_networks": ["127.0.0.0/8"]}, canary={"enabled": False})


def at(runtime: Runtime, moment: datetime) -> None:
    clock.move(Path(runtime.settings.sandbox.clock_file), moment)


def listen(runtime: Runtime, url: str, *events: str) -> str:
    """The signing secret of a new receiver."""
    with runtime.transaction() as session:
        return webhooks_out.add(
            session, runtime.vault, name="OA", url=url, events=events or EVENTS, by="admin", now=runtime.now()
        ).secret


def worker(runtime: Runtime) -> Worker:
    return jobs.Worker(runtime, {"webhook": open_channels(runtime)["webhook"]})


def case(runtime: Runtime, name: str) -> str:
    with runtime.transaction() as session:
        filing = Filing("等了很久", "form", name)
        return complaints.file(session, filing, zone=runtime.zone, now=runtime.now()).number or ""


def move(runtime: Runtime, number: str, words: str) -> None:
    with runtime.transaction() as session:
        version = case_steps.version(case_steps.get(session, number))
        case_steps.take(session, number, Step(ANSWER, words, version, "office"), runtime.now(), runtime.zone)


def collect(runtime: Runtime) -> int:
    with runtime.transaction() as session:
        return webhooks_out.collect(session, runtime.zone, runtime.now(), 72)


def states(runtime: Runtime) -> list[str]:
    with runtime.reading() as session:
        return [one.state for one in session.query(OutboxMessage).filter_by(channel="webhook").order_by("id")]


def low(runtime: Runtime, point_id: int, key: str, score: int = 1) -> None:
    with runtime.transaction() as session:
        sent = Submission(point_id, score, "form", key, comment="secret words")
        ratings.submit(session, sent, zone=runtime.zone, now=runtime.now())


def test_a_receiver_that_was_down_for_a_day_gets_everything_in_order(runtime: Runtime, point: Any) -> None:
    at(runtime, MORNING)
    with receiver(up=False) as oa:
        secret = listen(runtime, oa.url)
        numbers = [case(runtime, f"case {n}") for n in range(4)]
        sender = worker(runtime)
        for hour in range(1, 24, 3):
            at(runtime, MORNING + timedelta(hours=hour))
            low(runtime, point("D01").id, f"low {hour}")
            if numbers:
                move(runtime, numbers.pop(), "已经处理")
            at(runtime, MORNING + timedelta(hours=hour, minutes=10))
            collect(runtime)
            sender.deliver()
        assert oa.taken == [] and set(states(runtime)) == {"queued"}
        at(runtime, MORNING + timedelta(hours=26))
        collect(runtime)
        oa.come_up()
        sender.deliver()
        assert [one["number"] for one in oa.taken] == list(range(1, len(states(runtime)) + 1))
        assert [one["event"] for one in oa.taken].count(LOW) == 8 and len(oa.taken) == 12
        assert set(states(runtime)) == {"sent"}
        headers, body = oa.requests[-1]
        stamp, _, given = headers["X-Service-Star-Signature"].partition(",v1=")
        wanted = hmac.new(secret.encode(), stamp[2:].encode() + b"." + body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(given, wanted) and abs(int(stamp[2:]) - runtime.now().timestamp()) < 300
        assert b"secret words" not in b"".join(one for _, one in oa.requests)
        assert not any("received_at" in json.dumps(one) for one in oa.taken)


def test_what_was_given_up_is_listed_and_can_be_sent_again_in_order(runtime: Runtime, client: FlaskClient) -> None:
    at(runtime, MORNING)
    with receiver() as oa:
        oa.status = 503
        listen(runtime, oa.url, MOVED)
        for number in range(3):
            move(runtime, case(runtime, f"c{number}"), "答复")
        at(runtime, MORNING + timedelta(minutes=10))
        collect(runtime)
        sender = worker(runtime)
        sender.deliver()
        at(runtime, MORNING + timedelta(hours=73))
        collect(runtime)
        sender.deliver()
        assert set(states(runtime)) == {"failed"} and oa.taken == []
        oa.status = 204
        sign_in(client, runtime)
        page = client.get("/admin/webhooks/1").text
        assert page.count("没有送到") == 3
        client.post("/admin/webhooks/1/replay", data={"csrf_token": csrf(client)})
        sender.deliver()
        assert [one["number"] for one in oa.taken] == [1, 2, 3]
        assert oa.requests[-1][0]["X-Service-Star-Replay"] == "1"
        with runtime.reading() as session:
            last = session.query(OutboxMessage).filter_by(channel="webhook").order_by(OutboxMessage.id.desc()).first()
        client.post("/admin/webhooks/1/replay", data={"csrf_token": csrf(client), "message": str(last and last.id)})
        sender.deliver()
        assert [one["number"] for one in oa.taken] == [1, 2, 3, 3]
        for wrong in ("1", "999999"):  # a message to somebody else, and none
            fields = {"csrf_token": csrf(client), "message": wrong}
            assert client.post("/admin/webhooks/1/replay", data=fields).status_code == 404
        assert client.post("/admin/webhooks/9/replay", data={"csrf_token": csrf(client)}).status_code == 404


def test_one_receiver_that_is_down_keeps_no_other_waiting(runtime: Runtime) -> None:
    at(runtime, MORNING)
    with receiver(up=False) as down, receiver() as up:
        listen(runtime, down.url, MOVED)
        listen(runtime, up.url, MOVED)
        for number in range(3):
            move(runtime, case(runtime, f"c{number}"), "答复")
        at(runtime, MORNING + timedelta(minutes=10))
        assert collect(runtime) == 6
        worker(runtime).deliver()
        assert [one["number"] for one in up.taken] == [1, 2, 3]
        assert states(runtime).count("queued") == 3


def test_low_ratings_are_told_after_their_hour_without_time_and_text(runtime: Runtime, point: Any) -> None:
    at(runtime, MORNING)
    with receiver() as oa:
        listen(runtime, oa.url, LOW)
        for number, score in enumerate((1, 5, 2, 3)):
            low(runtime, point("D01").id, f"k{number}", score)
        at(runtime, MORNING + timedelta(minutes=30))
        assert collect(runtime) == 0
        at(runtime, MORNING + timedelta(minutes=70))
        assert (collect(runtime), collect(runtime)) == (2, 0)
        worker(runtime).deliver()
        assert [set(one["data"]) for one in oa.taken] == [
            {"kind", "key", "department", "score", "day", "channel", "verified"}
        ] * 2


def test_a_redirect_is_not_followed_and_an_inner_address_is_not_connected_to(runtime: Runtime, tmp_path: Path) -> None:
    at(runtime, MORNING)
    with receiver() as oa, receiver() as elsewhere:
        oa.status, oa.location = 302, elsewhere.url
        listen(runtime, oa.url, MOVED)
        move(runtime, case(runtime, "c"), "答复")
        at(runtime, MORNING + timedelta(minutes=10))
        collect(runtime)
        worker(runtime).deliver()
        assert len(oa.requests) == 1 and elsewhere.requests == [] and states(runtime) == ["queued"]
        with pytest.raises(pinned.Forbidden):
            pinned.post(elsewhere.url, b"{}", {}, ())
        with pytest.raises(pinned.Forbidden):
            pinned.post(elsewhere.url.replace("127.0.0.1", "localhost"), b"{}", {}, ())
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1",
     "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::", "255.255.255.255", "nonsense"],
)  # fmt: skip
def test_inner_addresses_are_not_reached(address: str) -> None:
    assert not webhook_addresses.may_be_reached(address, ())


def test_what_the_operator_allowed_is_reached() -> None:
    assert webhook_addresses.may_be_reached("10.20.3.4", ("10.20.0.0/16",))
    assert not webhook_addresses.may_be_reached("10.21.3.4", ("10.20.0.0/16",))
    assert webhook_addresses.may_be_reached("1.1.1.1", ()) and webhook_addresses.may_be_reached("2606:4700::1", ())


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a.example/", "file:///etc/passwd", "https://u:p@a.example/", "https://", "https://a.example:99999/", "https://a b/",
     "javascript:alert(1)", "https://a.example/#x", "https://" + "a" * 600, "http://\u4e2d/", "http://[::1"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        webhook_addresses.check(url)


def test_a_receiver_is_added_in_the_console_and_an_inner_one_refused(client: FlaskClient, runtime: Runtime) -> None:
    sign_in(client, runtime)
    with receiver() as oa:
        fields = {"name": "OA", "event": ["case.moved"], "url": oa.url}
        page = client.post("/admin/webhooks", data={**fields, "csrf_token": csrf(client)})
        assert page.status_code == 200 and "whs_" in page.text
        assert "whs_" not in client.get("/admin/webhooks").text
        for url in ("http://192.168.0.1/", "http://[::1]:1/", "http://no-such-host.invalid/"):
            refused = client.post("/admin/webhooks", data={**fields, "url": url, "csrf_token": csrf(client)})
            assert refused.status_code == 400 and 'role="alert"' in refused.text
        client.post("/admin/webhooks/1/end", data={"csrf_token": csrf(client)})
        move(runtime, case(runtime, "c"), "答复")
        at(runtime, NOON + timedelta(minutes=30))
        assert collect(runtime) == 0
        assert isinstance(oa, Receiver)
