"""Issue 8, shown by 7: three hospitals in one installation; each shows nothing of the others."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from bench.group.leaks import LEAKS
from feedback_app import clock, group, jobs
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.errors import ConfigurationError
from feedback_app.services import api_keys, bindings, codes, complaints, exports, questionnaires, teaching
from feedback_app.services.complaints import Filing
from feedback_app.services.deliveries import SENT, Outcome, Outgoing
from feedback_app.services.runtime import Runtime
from feedback_app.web import page_cache
from tests.bots.wire import wechat
from tests.conftest import NOON, settings_for
from tests.console import PASSWORD, account
from tests.people import directory
from tests.test_permissions import address

MARKS = ("Qaaaaaaq", "Qbbbbbbq", "Qccccccq")
"""Stands in every name, word and number that belongs to one hospital."""
HOSTS = {"Qaaaaaaq": "127.0.0.11", "Qbbbbbbq": "127.0.0.12", "Qccccccq": "127.0.0.13"}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Member:
    mark: str
    runtime: Runtime
    app: Flask
    door: Client
    scan: str = ""
    key: str = ""
    number: str = ""

    @property
    def host(self) -> str:
        return f"http://{HOSTS[self.mark]}"

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.door.get(path, base_url=self.host, **options)

    def post(self, path: str, data: dict[str, Any], **options: Any) -> TestResponse:
        return self.door.post(path, base_url=self.host, data=data, **options)

    def hidden(self, path: str) -> dict[str, str]:
        return dict(_HIDDEN.findall(self.get(path, follow_redirects=True).text))

    def sign_in(self) -> None:
        fields = {**self.hidden("/admin/sign-in"), "login": "admin", "password": PASSWORD}
        assert self.post("/admin/sign-in", fields).status_code == 303


def opened(folder: Path, mark: str) -> Runtime:
    folder.mkdir()
    made = settings_for(
        folder,
        hospital={"name": f"{mark}医院", "name_en": f"{mark} Hospital"},
        server={"base_url": f"http://{HOSTS[mark]}"},
        complaints={"phone": f"0571-{mark}", "place": f"{mark}楼"},
        security={"secret_key": f"the-secret-of-{mark}-0123456789abcdefghij"},
        wechat=wechat("secure", app_id=f"wx{mark}", token=f"token{mark}", api_base="http://127.0.0.1:9"),
    )
    clock.move(Path(made.sandbox.clock_file), NOON)
    return Runtime.open(made)


def fill(member: Member) -> None:
    """The same rows with the same numbers in each hospital, told apart by its mark alone."""
    mark, runtime = member.mark, member.runtime
    with runtime.transaction() as session:
        Base.metadata.create_all(session.connection())
    account(runtime, "admin")
    with runtime.transaction() as session:
        questionnaires.install_presets(session, NOON)
        people = directory(NOON)
        for one in people:
            one.name += mark
        session.add_all(people)
        session.flush()
        point = session.query(ServicePoint).filter_by(key="D01").one()
        bindings.bind(session, runtime.vault, point, "wecom", f"d01{mark}", now=NOON)
        member.scan = codes.issue(session, runtime.vault, point, NOON).text or ""
        teaching.teach_alias(session, "D02", f"{mark}敏", by="admin", now=NOON)
        scopes = api_keys.SCOPES
        made = api_keys.make(
            session, runtime.vault, name=mark, scopes=scopes, per_minute=600, days=9, by="admin", now=NOON
        )
        member.key = made.secret
        filing = Filing(f"{mark}等了很久", "form", f"filed {mark}", point_id=point.id)
        member.number = complaints.file(session, filing, zone=runtime.zone, now=NOON).number or ""
    for level in ("5", "1"):
        fields = {**member.hidden(f"/s/{member.scan}"), "overall": level, "comment": f"{mark}说得清楚"}
        assert member.post(f"/s/{member.scan}", fields).status_code == 303
        member.door.delete_cookie("device", domain=HOSTS[mark], path="/s/")


@pytest.fixture
def members(tmp_path: Path) -> Iterator[list[Member]]:
    with ExitStack() as stack:
        apps: dict[str, tuple[str, Flask]] = {}
        found = []
        door = group.ByHost(cast(Any, apps))
        for mark in MARKS:
            runtime = opened(tmp_path / mark, mark)
            stack.callback(runtime.close)
            app = create_app(runtime.settings)
            stack.callback(app.extensions["service_star"].close)
            apps[HOSTS[mark]] = (mark, app)
            found.append(Member(mark, runtime, app, Client(door)))
        for one in found:
            fill(one)
        yield found


def others(member: Member) -> list[str]:
    return [mark for mark in MARKS if mark != member.mark]


def test_no_page_file_or_answer_of_one_hospital_holds_a_word_of_another(members: list[Member]) -> None:
    for member in members:
        member.sign_in()
    walked, own = 0, 0
    rules = [rule for rule in members[0].app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for rule in rules:
        if rule.endpoint in {"static", "auth.sign_out", "staff_auth.sign_out"}:
            continue
        for (
            member
        ) in members:  # one after another at the same address: what one leaves in the process, the next may find
            values = {"number": member.number, "code": member.scan, "key": "D01", "point_id": 5, "account_id": 1}
            headers = {"Authorization": f"Bearer {member.key}"}
            said = member.get(address(rule, values), headers=headers)
            shown = said.get_data() + str(said.headers).encode()
            walked, own = walked + 1, own + (member.mark.encode() in shown)
            assert said.status_code < 500 or rule.rule == "/readyz", rule  # the tables were not made by migrations
            for mark in others(member):
                at = shown.find(mark.encode())
                assert at < 0, (rule.rule, member.mark, shown[max(0, at - 300) : at + 50].decode("utf-8", "replace"))
    print(f"{walked} answers of {len(rules)} routes, {own} with the hospital's own words, 0 with another's")
    assert own > walked / 4, "the walk must see something"


def test_what_opens_one_hospital_opens_no_other(members: list[Member]) -> None:
    mine, theirs = members[0], members[1]
    mine.sign_in()
    assert mine.get("/admin/").status_code == 200
    cookie = mine.door.get_cookie("stars", domain=HOSTS["Qaaaaaaq"])
    assert cookie is not None
    theirs.door.set_cookie("stars", cookie.value, domain=HOSTS["Qbbbbbbq"])
    assert theirs.get("/admin/").status_code in {302, 303, 401}, "the cookie of one hospital"
    authorized = {"Authorization": f"Bearer {mine.key}"}
    assert mine.get("/api/v1/leaderboards", headers=authorized).status_code == 200
    assert theirs.get("/api/v1/leaderboards", headers=authorized).status_code == 401, "the key of one hospital"
    assert theirs.get(f"/s/{mine.scan}").status_code in {400, 404}, "the printed code of one hospital"


@pytest.fixture
def leak(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the bench, planted before the hospitals are opened, and taken away again."""
    for owner, name in ((page_cache.PageCache, "__init__"), (Database, "shown_state"), (api_keys, "recognise")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    LEAKS[request.param]()


@pytest.mark.parametrize(
    ("leak", "looks", "seen"),
    [
        ("pages", test_what_opens_one_hospital_opens_no_other, "the printed code of one hospital"),
        ("keys", test_what_opens_one_hospital_opens_no_other, "the key of one hospital"),
    ],
    indirect=["leak"],
)
def test_a_leak_is_seen(leak: None, members: list[Member], looks: Callable[[list[Member]], None], seen: str) -> None:
    with pytest.raises(AssertionError, match=seen):
        looks(members)


def test_no_key_of_one_hospital_opens_any_door_of_another(members: list[Member]) -> None:
    """Every address of the API, in every way, with the keys of the other two; and with its own, to see that keys do open."""
    refused = opened_doors = 0
    for rule in members[0].app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/") or rule.endpoint.endswith("openapi"):
            continue
        for member in members:
            path = address(rule, {"number": member.number, "code": member.scan, "key": "D01"})
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                for other in members:
                    headers = {"Authorization": f"Bearer {other.key}"}
                    said = member.door.open(path, method=method, base_url=member.host, headers=headers, json={})
                    if other is member:
                        opened_doors += said.status_code != 401
                    elif needs_key(member, path, method):
                        assert said.status_code == 401, (method, path)
                        refused += 1
    print(f"{refused} calls with another hospital's key, all refused; {opened_doors} with its own, none for the key")
    assert refused > 60 and opened_doors > 30


def needs_key(member: Member, path: str, method: str) -> bool:
    return member.door.open(path, method=method, base_url=member.host, json={}).status_code == 401


def test_forms_pushes_and_limits_of_one_hospital_are_no_others(members: list[Member]) -> None:
    for member in members:
        member.sign_in()
    mine, theirs = members[0], members[1]
    token = mine.hidden("/admin/accounts")["csrf_token"]
    assert token, "there is a form"
    sent = {"csrf_token": token, "login": "intruder", "name": "x", "role": "admin"}
    assert theirs.post("/admin/accounts/invite", sent).status_code == 400, "the form's token of one hospital"
    sent["csrf_token"] = theirs.hidden("/admin/accounts")["csrf_token"]
    assert theirs.post("/admin/accounts/invite", sent).status_code != 400, "its own"
    pushed = 0
    for one in members:
        for other in members:
            signed = signature(f"token{other.mark}")
            said = one.get("/wechat", query_string={**signed, "echostr": "seen"})
            assert (said.text == "seen") == (one is other), (one.mark, other.mark)
            pushed += 1
    print(f"{pushed} pushes signed with each account's token: answered by its own hospital alone")
    wrong = {"login": "admin", "password": "wrong-password"}
    for _ in range(8):
        mine.door.delete_cookie("stars", domain=HOSTS[mine.mark])
        mine.post("/admin/sign-in", {**mine.hidden("/admin/sign-in"), **wrong})
    theirs.door.delete_cookie("stars", domain=HOSTS[theirs.mark])
    theirs.sign_in()  # the account of the same name elsewhere is not locked


def signature(token: str) -> dict[str, str]:
    stamp, nonce = str(int(NOON.timestamp())), "nonce"
    told = hashlib.sha1("".join(sorted((token, stamp, nonce))).encode()).hexdigest()
    return {"signature": told, "timestamp": stamp, "nonce": nonce}


def test_exports_and_figures_of_one_hospital_hold_no_row_of_another(members: list[Member]) -> None:
    rows = 0
    for member in members:
        with member.runtime.reading() as session:
            for kind in exports.KINDS.values():
                for row in kind.rows(session, exports.Span(member.runtime.zone)):
                    rows += 1
                    assert not any(mark in str(row) for mark in others(member))
        told = member.get("/metrics").text
        assert "service_star_messages" in told and "service_star_answers" not in told, "how much the others do"
    print(f"{rows} exported rows, 0 of another hospital")
    assert rows > 6
    machine = members[0].door.get("/metrics", base_url="http://192.0.2.7").text
    assert "service_star_answers" in machine and not any(mark in machine for mark in MARKS)


def test_messages_of_one_hospital_go_to_its_own_staff(members: list[Member]) -> None:
    class Postbox:
        def __init__(self) -> None:
            self.taken: list[Outgoing] = []

        def deliver(self, message: Outgoing) -> Outcome:
            self.taken.append(message)
            return Outcome(SENT)

    boxes = {member.mark: Postbox() for member in members}
    hospitals = [group.Hospital(member.mark, member.runtime.settings) for member in members]
    by_name = {member.mark: member for member in members}

    def work(one: group.Hospital) -> None:
        runtime = by_name[one.name].runtime
        for day in ("2026-11-23T17:00:00+08:00", "2026-11-24T09:00:00+08:00"):
            clock.move(Path(runtime.settings.sandbox.clock_file), datetime.fromisoformat(day))
            worker = jobs.Worker(runtime, {"wecom": boxes[one.name], "wecom_group": boxes[one.name]})
            worker.tick()
            worker.deliver()

    group.at_once(hospitals, work, threading.Event())
    for member in members:
        taken = str([(one.recipient, one.payload) for one in boxes[member.mark].taken])
        assert member.host in taken
        assert not any(f"//{HOSTS[mark]}/" in taken for mark in others(member))
        assert not any(mark in taken for mark in others(member))


def test_taught_words_are_understood_where_they_were_taught(members: list[Member]) -> None:
    for member in [*members, *reversed(members)]:
        for mark in MARKS:
            said = member.app.extensions["bot_explains"](f"给{mark}敏医生打5分", None)
            assert (f"张敏{member.mark}" in str(said)) == (mark == member.mark)


def test_an_address_that_nobody_has_is_told_so(members: list[Member]) -> None:
    door = members[0].door
    assert door.get("/", base_url="http://192.0.2.7").status_code == 421
    assert "请核对" in door.get("/", headers={"Host": "[::1"}).text
    assert door.get("/healthz", base_url="http://192.0.2.7").json == {"status": "ok"}
    assert "of 3 hospitals" in door.get("/readyz", base_url="http://192.0.2.7").text
    assert members[0].door.get("/healthz", base_url="http://127.0.0.11:8443").status_code == 200
    assert "hospitals" not in members[0].get("/readyz").text


CONFIGURED = """
[hospital]
name = "{name}"
[server]
base_url = "https://{host}"
[database]
url = "{url}"
[security]
secret_key = "{key}"
[visits]
drop_folder = "{visits}"
[evidence]
file = "{heads}"
[complaints]
phone = "0571-8888"
place = "一楼"
hours = "8:00"
routes = "院内"
"""
DEFAULTS = {
    name: {
        "host": f"{name}.example", "url": f"sqlite:////srv/{name}.db", "key": f"the-secret-of-{name}-" * 3,
        "visits": f"/srv/{name}/visits", "heads": f"/mnt/{name}/heads",
    }
    for name in "ab"
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({}, ""),
        ({"host": "A.example:8443"}, "server.base_url"),
        ({"url": "sqlite:////srv/../srv/a.db"}, "database.url"),
        ({"key": "the-secret-of-a-" * 3}, "security.secret_key"),
        ({"visits": "/srv/b/../a/visits/"}, "visits.drop_folder"),
        ({"heads": "/mnt/a/heads"}, "evidence.file"),
        ({"visits": "", "heads": ""}, ""),
    ],
)
def test_hospitals_that_would_share_something_do_not_start(tmp_path: Path, change: dict[str, str], what: str) -> None:
    for name, values in DEFAULTS.items():
        given = {**values, **(change if name == "b" or not any(change.values()) else {})}
        (tmp_path / f"{name}.toml").write_text(CONFIGURED.format(name=name, **given), "utf-8")
    if not what:
        assert [one.name for one in group.read(tmp_path)] == ["a", "b"]
        return
    with pytest.raises(ConfigurationError) as refused:
        group.read(tmp_path)
    assert (refused.value.code, refused.value.params["what"]) == ("group.shared", what)


def test_a_folder_without_a_hospital_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="group.empty"):
        group.read(tmp_path)


def test_a_hospital_whose_work_breaks_off_stops_no_other() -> None:
    stop, done = threading.Event(), []

    begun = threading.Barrier(2)

    def work(one: group.Hospital) -> None:
        begun.wait()
        if one.name == "broken":
            stop.set()
            raise OSError("its database is down")
        stop.wait()
        done.append(one.name)

    group.at_once([group.Hospital(name, cast(Any, None)) for name in ("broken", "well")], work, stop)
    assert done == ["well"]
