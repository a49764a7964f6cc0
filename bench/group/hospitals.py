"""Three hospitals that differ in nothing but their mark, which stands in every name, word, address and secret of theirs."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bots.sandbox.client import SandboxClient
from feedback_app import clock, settings
from feedback_app.db.accounts import Account
from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import Binding
from feedback_app.services import api_keys, bindings, codes, demo_hospital, schema, teaching, webhooks_out
from feedback_app.services.demo_hospital import Size
from feedback_app.services.runtime import Runtime
from feedback_app.web.access import CONSOLE
from tests.bots.doubles import MailDouble, mail_server
from tests.console import account
from tests.journeys.conftest import tables_for
from tests.receivers import Receiver, receiver

NOON = datetime.fromisoformat("2026-11-20T12:00:00+08:00")  # a Friday
NAMES = ("jia", "yi", "bing")
MARKS = {"jia": "Qaaaaaaq", "yi": "Qbbbbbbq", "bing": "Qccccccq"}
"""In every name and word: what a person wrote or is called."""
HOSTS = {"jia": "127.0.0.11", "yi": "127.0.0.12", "bing": "127.0.0.13"}
_SENTENCE = re.compile(r'"([^"\n]*[一-鿿][^"\n]{4,})"')
_NAME = re.compile(r'(?m)^(name = ".*?)"$')
_MANY = re.compile(r"(?m)^(doctors|nurses|other) = \d+$")


@dataclass
class Hospital:
    """One of the three, as seen from the outside; ``runtime`` is the same database as its processes have."""

    name: str
    runtime: Runtime
    ports: Sequence[int]  # of the nodes
    phones: SandboxClient
    events: Receiver
    post: MailDouble
    key: str = ""  # of its API
    scans: list[str] = field(default_factory=list)  # printed codes
    secrets: set[str] = field(default_factory=set)  # receipts, tokens, codes: what only this hospital may tell
    links: dict[str, int] = field(default_factory=dict)  # paths of real objects -> status its administrator saw

    @property
    def mark(self) -> str:
        return MARKS[self.name]

    @property
    def host(self) -> str:
        return HOSTS[self.name]

    @property
    def config(self) -> Path:
        return Path(self.runtime.settings.sandbox.clock_file).parent.parent / "hospitals" / f"{self.name}.toml"

    def base(self, node: int) -> str:
        return f"http://{self.host}:{self.ports[node % len(self.ports)]}"

    @property
    def needles(self) -> frozenset[str]:
        """What nobody else may show, in lower case."""
        return frozenset(one.lower() for one in (self.mark, self.point_key, f"//{self.host}", *self.secrets) if one)

    @property
    def point_key(self) -> str:
        """A number of its directory that no other has: in addresses too, so not a word of a person."""
        return f"W{self.mark[1] * 6}9".upper()

    def move_clock(self, told: str) -> None:
        clock.move(Path(self.runtime.settings.sandbox.clock_file), datetime.fromisoformat(told))


def written(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML of plain values and lists of them."""
    return "\n".join(
        f"[{name}]\n"
        + "".join(
            f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(value, ensure_ascii=False)}\n"
            for key, value in table.items()
        )
        for name, table in tables.items()
    )


def configuration(home: Path, name: str, port: int, sandbox: int, mail: int, database: str) -> str:
    mark = MARKS[name]
    tables = tables_for(home, port, sandbox)
    tables["hospital"] = {"name": f"{mark}医院", "name_en": f"{mark} Hospital"}
    tables["server"] = {"base_url": f"http://{HOSTS[name]}:{port}", "workers": 1}
    tables["database"] = {"url": database or tables["database"]["url"]}
    tables["wechat"] |= {
        "app_id": f"wx{mark}",
        "app_secret": f"app-secret-{mark}",
        "token": f"token{mark}",
        "encoding_aes_key": f"{mark}0123456789abcdefghijklmnopqrstuvwxE",
    }
    tables["wecom"] |= {"corp_id": f"ww{mark}", "secret": f"agent-secret-{mark}"}
    tables["wecom.webhooks"] = {"complaints": f"complaints-{mark}", "duty": f"duty-{mark}", f"{mark}群": f"own-{mark}"}
    tables["mail"] = {"enabled": True, "host": "127.0.0.1", "port": mail, "security": "none", "sender": f"stars@{mark}.example"}  # fmt: skip
    tables["complaints"] |= {"phone": f"0571-{mark}", "place": f"{mark}楼", "routes": f"{mark}协商"}
    tables["webhooks"] = {"inner_networks": ["127.0.0.0/8"]}
    tables["canary"] = {"enabled": False}  # it is a patient of its own; here every patient has a name
    tables["limits"] = {"messages_per_minute": 600}
    tables["evidence"] = {"file": str(home / "heads")}
    tables["security"] |= {"secret_key": f"the-secret-of-{mark}-0123456789abcdefghij", "second_factor_days": 3650}
    return written(tables)


@contextmanager
def opened(
    folder: Path, nodes: Sequence[int], sandboxes: Sequence[int], databases: Mapping[str, str], size: Size
) -> Iterator[list[Hospital]]:
    """Configured below ``folder`` (``hospitals/*.toml``) and filled; no process runs yet."""
    (folder / "hospitals").mkdir()
    with ExitStack() as stack:
        made = []
        for number, (name, sandbox) in enumerate(zip(NAMES, sandboxes, strict=True)):
            home = folder / name
            home.mkdir()
            clock.move(home / "clock", NOON)
            post, events = stack.enter_context(mail_server()), stack.enter_context(receiver())
            told = configuration(
                home, name, nodes[number % len(nodes)], sandbox, post.port, databases.get(name, f"sqlite:///{home / 'stars.db'}")
            )  # fmt: skip
            (folder / "hospitals" / f"{name}.toml").write_text(told, "utf-8")
            runtime = Runtime.open(settings.load(folder / "hospitals" / f"{name}.toml"))
            stack.callback(runtime.close)
            phones = stack.enter_context(SandboxClient(f"http://127.0.0.1:{sandbox}"))
            one = Hospital(name, runtime, nodes, phones, events, post)
            fill(one, folder, size)
            made.append(one)
        yield made


def fill(one: Hospital, folder: Path, size: Size) -> None:
    """The made-up hospital of the demo, the same in each but for the mark, and what lets others in."""
    schema.migrate(one.runtime.database, NOON)
    shipped = demo_hospital.PRESET
    try:
        demo_hospital.PRESET = folder / f"{one.name}.preset"
        demo_hospital.PRESET.write_text(marked(shipped.read_text("utf-8"), one.mark), "utf-8")
        with one.runtime.transaction() as session:
            demo_hospital.seed(
                session, one.runtime.vault, one.runtime.settings, now=NOON, progress=lambda _: None, size=size
            )
    finally:
        demo_hospital.PRESET = shipped
    let_in(one)


def marked(preset: str, mark: str) -> str:
    """The demo's hospital, small, with the mark in every name and sentence."""
    head, given, rest = preset.partition("given = ")
    names, _, rest = rest.partition("\n")
    small = _SENTENCE.sub(rf'"\1{mark}"', _MANY.sub(r"\1 = 1", rest))
    given_marked = re.sub(r'"([^"]+)"', rf'"\1{mark}"', names)
    return f"{head}{given}{given_marked}\n" + _NAME.sub(rf'\1{mark}"', small)


def let_in(one: Hospital) -> None:
    """Accounts of every role, an API key with every scope, a receiver of events, taught words, somebody with mail."""
    runtime, mark = one.runtime, one.mark
    for role in CONSOLE:
        account(runtime, role)
    with runtime.transaction() as session:
        unit = session.query(ServicePoint).filter_by(kind="department", key="XN").one()
        for row in session.query(Account):
            row.name, row.department_id = f"{mark}王芳", unit.id
        own = ServicePoint(kind="window", key=one.point_key, name=f"{mark}窗口", department=unit, status="启用", changed_at=NOON)  # fmt: skip
        doctor, nurse = (session.query(ServicePoint).filter_by(key=key).one() for key in ("XN01", "XN02"))
        doctor.name, doctor.wecom_userid = f"张伟{mark}", "xn01"
        session.add(own)
        session.flush()
        bindings.bind(session, runtime.vault, doctor, bindings.WECOM, "xn01", now=NOON)
        reached = {row[0] for row in session.query(Binding.service_point_id)}
        for person in session.query(ServicePoint).filter_by(kind="staff"):
            if person.id not in reached:
                bindings.bind(session, runtime.vault, person, bindings.MAIL, f"n{person.id}@{mark}.example", now=NOON)
        teaching.teach_alias(session, "EK01", f"{mark}敏", by="admin", now=NOON)
        one.scans = [codes.issue(session, runtime.vault, point, NOON).text or "" for point in (own, doctor, nurse)]
        one.key = api_keys.make(
            session, runtime.vault, name=mark, scopes=api_keys.SCOPES, per_minute=6000, days=9, by="admin", now=NOON
        ).secret
        secret = webhooks_out.add(
            session, runtime.vault, name=mark, url=one.events.url, events=webhooks_out.EVENTS, by="admin", now=NOON
        ).secret
    one.secrets |= {*one.scans, one.key, secret}
