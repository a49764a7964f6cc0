"""Issue 9, build 1: the page of the hospital's IT, every figure beside SQL; a signal is told once, to those who must act."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient
from sqlalchemy import select, text

from feedback_app import clock, jobs
from feedback_app.db.accounts import Account
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.platform import Lease, PlatformToken
from feedback_app.jobs.duties import Beforehand, Duties
from feedback_app.jobs.work import figures
from feedback_app.services import backups, machines, outbox, periodic, signal_alerts, tallying
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from tests.conftest import NOON, settings_for
from tests.console import account, sign_in
from tests.star_ratings import bind, id_of, rate

SOON = NOON + timedelta(days=9)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "site.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stars.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(NOON - timedelta(days=80)).not_valid_after(SOON)
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return settings_for(tmp_path, server={"certificate_file": str(file)}, wecom={"enabled": True})


def busy(runtime: Runtime) -> None:
    """Two workers, one of them silent for an hour; messages in every state."""
    now = runtime.now()
    with runtime.transaction() as session:
        periodic.beat(session, "node-a:1", now)
        periodic.beat(session, "node-b:1", now - timedelta(hours=1))
        session.add(Lease(name="releases", owner="node-a:1", until=now + timedelta(seconds=30)))
        session.add(
            PlatformToken(name="wechat:wx1", value_sealed="s", fetched_at=now, expires_at=now + timedelta(hours=2))
        )
        for number, (channel, state) in enumerate(
            (("mail", "queued"), ("mail", "sent"), ("wecom", "failed"), ("wecom", "sent"), ("wecom", "queued"))
        ):
            outbox.put(
                session,
                dedupe_key=f"m{number}",
                purpose="x",
                channel=channel,
                recipient="r",
                payload={},
                now=now - timedelta(minutes=30 + number),
            )
            session.flush()
            session.scalars(select(OutboxMessage).where(OutboxMessage.dedupe_key == f"m{number}")).one().state = state
        periodic.take(session, "days", "2026-11-20", now)
        backups.proven(session, now - timedelta(days=3))


def test_every_figure_of_the_it_page_beside_sql(runtime: Runtime, client: FlaskClient) -> None:
    busy(runtime)
    with runtime.reading() as session:
        found = machines.look(session, runtime, runtime.now())
    with runtime.database.engine.connect() as sql:
        queues = sql.execute(
            text(
                """SELECT channel, sum(CASE WHEN state IN ('queued', 'leased', 'sending') THEN 1 ELSE 0 END),
                sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END), sum(CASE WHEN state IN ('failed', 'unknown') THEN 1 ELSE 0 END)
                FROM outbox GROUP BY channel ORDER BY channel"""
            )
        ).all()
        oldest = sql.execute(
            text("SELECT channel, min(not_before) FROM outbox WHERE state = 'queued' GROUP BY channel")
        )
        waited = {channel: str(at.astimezone(UTC) if isinstance(at, datetime) else at)[:16] for channel, at in oldest}
    assert [(one.channel, one.waiting, one.sent, one.failed) for one in found.queues] == [tuple(row) for row in queues]
    assert {one.channel: str(one.oldest)[:16] for one in found.queues} == waited
    assert [(one.name, one.is_alive, one.holds) for one in found.processes] == [
        ("node-a:1", True, ("releases",)),
        ("node-b:1", False, ()),
    ]
    assert str(found.proven_at)[:10] == "2026-11-17"
    file = Path(str(runtime.database.url.database))
    assert not runtime.database.is_sqlite or (found.disk.database or 0) >= file.stat().st_size
    assert {(one.kind, one.is_wrong) for one in found.keys} >= {("platform", False), ("certificate", True)}
    assert next(one.ends_at for one in found.keys if one.kind == "certificate") == SOON
    assert ("days", "2026-11-20") in {(one.kind, one.period) for one in found.jobs}
    sign_in(client, runtime, "it")
    assert client.get("/admin/").headers["Location"].endswith("/admin/machines")
    page = client.get("/admin/machines").text
    for words in ("node-b:1", "3 天前", "给出科室数字", "stars.example", "企业微信", "磁盘已用"):
        assert words in page
    for foreign in ("/admin/ratings", "/admin/figures", "/admin/complaints", "/admin/directory", "/admin/deliveries"):
        assert client.get(foreign).status_code == 403


def test_a_machine_of_which_nothing_is_known_yet_has_a_calm_page(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(client, runtime, "it")
    page = client.get("/admin/machines").text
    assert "还没有工作进程报到" in page
    assert "还没有验证过的备份" in page


MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # nine in the morning


def weeks(runtime: Runtime, last_share: int) -> None:
    """Half a year in which 45 of 50 were content each week, and then a week of ``last_share``."""
    with runtime.transaction() as session:
        unit_id = id_of(session, "XN")
        for back in range(30):
            monday = MONDAY - timedelta(days=7 * (back + 1))
            good = last_share if back == 0 else 45 + back % 3 - 1
            at = monday + timedelta(days=2)
            fields = {"received_at": at, "day": at.date(), "unit_id": unit_id}
            rate(session, "D01", (0, 50 - good, 0, 0, good), f"{at:%Y-%m}", **fields)
        tallying.fold(session)
        account_of_quality = session.query(Account).filter_by(login="quality").one()
        account_of_quality.person_id = id_of(session, "D02")
        session.query(Account).filter_by(login="head").one().department_id = unit_id
        for key in ("D01", "D02", "D03"):
            bind(session, runtime.vault, key)


@pytest.mark.parametrize(("share", "places"), [(20, {"心血管内科", "青山医院"}), (45, set())])
def test_a_signal_is_told_once_in_working_hours_and_not_to_whom_it_is_about(
    runtime: Runtime, share: int, places: set[str]
) -> None:
    for role in ("quality", "head"):
        account(runtime, role)
    weeks(runtime, share)
    with runtime.transaction() as session:
        assert not signal_alerts.is_due(session, MONDAY - timedelta(hours=3), runtime.settings), "at six in the morning"
        assert signal_alerts.is_due(session, MONDAY, runtime.settings)
        assert signal_alerts.send(session, MONDAY, runtime.settings) == len(places)
        assert signal_alerts.send(session, MONDAY, runtime.settings) == 0
        assert not signal_alerts.is_due(session, MONDAY + timedelta(days=2), runtime.settings)
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "signal")).all()
        assert {one.payload["title"].split("：")[0] for one in told} == places
        assert {one.service_point_id for one in told} <= {id_of(session, "D02")}, "neither doctor nor head"
        assert all("%" not in one.payload["text"] for one in told)


def test_charts_are_looked_at_before_the_writers_turn(runtime: Runtime) -> None:
    account(runtime, "quality")
    account(runtime, "head")
    weeks(runtime, 20)
    clock.move(Path(runtime.settings.sandbox.clock_file), MONDAY)
    (signals,) = (one for one in figures.MINUTELY if one.name == "signals")
    assert isinstance(signals.work, Beforehand)
    with runtime.reading() as session:
        seen = signals.work.look(session, runtime, MONDAY)
    for _ in range(2):
        jobs.Worker(runtime, {}, duties=Duties({}, (signals,), ())).tick()
    with runtime.transaction() as session:
        assert session.query(OutboxMessage).filter_by(purpose="signal").count() == 2
        assert not signals.work.write(session, runtime, MONDAY + timedelta(days=7), seen), "another week has begun"
