"""The product itself behind the sandbox, in all three modes: follow, scan, rate and complain by message, over real HTTP."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from bots.sandbox.app import create_sandbox
from bots.sandbox.client import SandboxClient
from bots.sandbox.server import running
from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.services import codes, schema
from feedback_app.services.runtime import Runtime
from tests.bots.doubles import closed_port
from tests.bots.wire import MODES, wechat
from tests.conftest import NOON, settings_for
from tests.people import directory

WANG = "oWang"


@dataclass(frozen=True)
class Loop:
    runtime: Runtime
    phones: SandboxClient

    def code(self, key: str) -> str:
        with self.runtime.transaction() as session:
            point = session.query(ServicePoint).filter_by(key=key).one()
            return codes.issue(session, self.runtime.vault, point, NOON).text or ""

    def ratings(self) -> list[tuple[str, int, str]]:
        with self.runtime.reading() as session:
            return [
                (one.service_point.key, one.score, one.channel) for one in session.query(Rating).order_by(Rating.id)
            ]

    def complaints(self) -> list[tuple[str | None, str]]:
        with self.runtime.reading() as session:
            found = session.query(Case).filter_by(kind="complaint").order_by(Case.id)
            return [(one.service_point.key if one.service_point else None, one.text) for one in found]


@pytest.fixture(params=MODES)
def loop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Loop]:
    ours, theirs = closed_port(), closed_port()
    platform = f"http://127.0.0.1:{theirs}"
    settings = settings_for(
        tmp_path,
        server={"base_url": f"http://127.0.0.1:{ours}"},
        sandbox={"enabled": True},
        wechat=wechat(request.param, api_base=platform, open_base=platform),
    )
    clock.move(Path(settings.sandbox.clock_file), NOON)
    with ExitStack() as closing:
        runtime = Runtime.open(settings)
        closing.callback(runtime.close)
        schema.migrate(runtime.database, NOON)
        with runtime.transaction() as session:
            session.add_all(directory(NOON))
        app = create_app(settings)
        closing.callback(app.extensions["service_star"].close)
        closing.enter_context(running(app, ours))
        closing.enter_context(running(create_sandbox(settings), theirs))
        phones = closing.enter_context(SandboxClient(platform))
        phones.patient(WANG, "王芳")
        yield Loop(runtime, phones)


def test_follow_scan_rate_and_complain(loop: Loop) -> None:
    phones = loop.phones
    assert phones.verifies()
    assert "1 评价" in phones.say(WANG, "今天天气不错").shown

    followed = phones.follow(WANG, loop.code("W03")).shown
    scanned = phones.scan(WANG, loop.code("D01")).shown
    for shown, name in ((followed, "3号收费窗口"), (scanned, "张伟")):
        link = re.search(r"http://127\.0\.0\.1:\d+/s/\w+", shown)
        assert link and name in shown, shown
        assert name in requests.get(link[0], timeout=20).text

    rated = phones.say(WANG, "给张伟医生5星").shown
    assert "张伟" in rated and "回执" in rated
    assert [one.shown for one in phones.repeat(3)] == [rated] * 3
    assert loop.ratings() == [("D01", 5, "bot")]

    phones.say(WANG, "没有了，谢谢")
    complained = phones.say(WANG, "我要投诉，3号收费窗口的人对我大吼大叫").shown
    assert re.search(r"T-2611-\d{4}", complained) and "11 月 27 日（周五）" in complained
    assert [one.shown for one in phones.repeat(3)] == [complained] * 3
    assert loop.complaints() == [("W03", "我要投诉，3号收费窗口的人对我大吼大叫")]

    assert len(loop.ratings()) == len(loop.complaints()) == 1
