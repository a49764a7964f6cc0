"""The whole product on a real port, with the sandbox for both platforms on another."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from bots.sandbox.app import create_sandbox
from bots.sandbox.client import SandboxClient
from bots.sandbox.server import running
from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.schema import metadata_is_complete
from feedback_app.services import codes, questionnaires
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session
from tests.bots.wire import wechat
from tests.conftest import NOON, settings_for
from tests.people import directory


@dataclass(frozen=True)
class Town:
    runtime: Runtime
    app: Flask
    phones: SandboxClient
    address: str  # of the product
    sandbox: Flask

    def code(self, key: str) -> str:
        """The printed code of somebody of ``tests.people``."""
        with self.runtime.transaction() as session:
            point = session.query(ServicePoint).filter_by(key=key).one()
            return codes.issue(session, self.runtime.vault, point, self.runtime.now()).text or ""

    def person(self, openid: str) -> str:
        """The name other tables know this patient by."""
        return self.runtime.vault.person(openid, self.runtime.settings.wechat.app_id)

    def all(self, table: Any) -> list[Any]:
        with self.runtime.reading() as session:
            return list(session.query(table))


def prepare(runtime: Runtime) -> None:
    """All tables, the question sets and the small directory."""

    def fill(session: Session) -> None:
        questionnaires.install_presets(session, NOON)
        session.add_all(directory(NOON))

    metadata_is_complete()
    with runtime.transaction() as session:
        Base.metadata.create_all(session.connection())
    with runtime.transaction() as session:
        fill(session)


def quiet_ports(number: int) -> list[int]:
    """Free ports below those the system gives to outgoing calls, so that nothing takes them before we do."""
    found: set[int] = set()
    while len(found) < number:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)


@contextmanager
def town(folder: Path, mode: str = "secure", **changes: Any) -> Iterator[Town]:
    """``changes`` go to the section [wechat]."""
    ours, theirs = quiet_ports(2)
    platform = f"http://127.0.0.1:{theirs}"
    settings = settings_for(
        folder,
        server={"base_url": f"http://127.0.0.1:{ours}"},
        sandbox={"enabled": True},
        wechat=wechat(mode, api_base=platform, open_base=platform, **changes),
    )
    clock.move(Path(settings.sandbox.clock_file), NOON)
    with ExitStack() as closing:
        runtime = Runtime.open(settings)
        closing.callback(runtime.close)
        prepare(runtime)
        app = create_app(settings)
        closing.enter_context(running(app, ours))
        sandbox = create_sandbox(settings)
        closing.enter_context(running(sandbox, theirs))
        phones = closing.enter_context(SandboxClient(platform))
        phones.patient("oWang", "王芳")
        yield Town(runtime, app, phones, settings.server.base_url, sandbox)
