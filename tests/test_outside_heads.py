"""The day's head goes to people outside once the leadership has said so, and whoever kept it finds a rewritten past."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bots.channels import open_channels
from feedback_app.db.evidence import Evidence, EvidenceNode, TreeHead
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.errors import Conflict
from feedback_app.jobs.work.evidence import DAILY
from feedback_app.services import deliveries, evidence, outside_heads, verification
from feedback_app.services.deliveries import SENT
from feedback_app.services.runtime import Runtime
from feedback_app.services.verification import KnownHead
from feedback_app.settings import Settings
from tests.conftest import database_url, settings_for
from tests.console import sign_in, submit
from tests.test_silence import Lookup, send


@pytest.fixture
def settings(tmp_path: Path, database_kind: str) -> Settings:
    kept = {"mails": ["jw@example.org", "wjw@example.org"], "groups": ["监督"], "file": str(tmp_path / "kept.jsonl")}
    return settings_for(tmp_path, database={"url": database_url(tmp_path, database_kind)}, evidence=kept)


def daily(runtime: Runtime) -> None:
    work = DAILY["tree_heads"]
    with runtime.transaction() as session:
        evidence.give_places(session)
        work(session, runtime, runtime.now())


def test_nothing_goes_out_before_somebody_has_switched_it_on(runtime: Runtime, point: Lookup) -> None:
    send(runtime, point("D01"), (1, 0, 0, 0, 2))
    daily(runtime)
    with runtime.transaction() as session:
        assert session.query(OutboxMessage).filter_by(purpose="tree_head").count() == 0
        with pytest.raises(Conflict, match="stands_so"):
            outside_heads.turn(session, runtime.settings, on=False, by="liu", now=runtime.now())


def test_everybody_gets_the_head_once_a_day_and_the_switch_is_an_entry(
    runtime: Runtime, client: FlaskClient, point: Lookup, tmp_path: Path
) -> None:
    send(runtime, point("D01"), (1, 0, 0, 0, 2))
    sign_in(client, runtime, "quality")
    assert submit(client, "/admin/trust/heads", {"on": "1"}).status_code == 403
    sign_in(client, runtime, "director")
    assert submit(client, "/admin/trust/heads", {"on": "1"}).status_code == 303
    assert getattr(client.application.view_functions["admin_trust.heads"], "asks_again", False)
    daily(runtime)
    daily(runtime)
    with runtime.transaction() as session:
        queued = session.query(OutboxMessage).filter_by(purpose="tree_head").all()
        assert sorted(one.channel for one in queued) == ["kept_file", "mail", "mail", "wecom_group"]
        assert not any("example.org" in one.recipient for one in queued)
        [entry] = session.query(Evidence).filter_by(kind="outside").all()
        assert entry.shown == {"on": True, "to": {"mail": 2, "wecom_group": 1, "kept_file": 1}}
        [mine] = deliveries.claim(session, runtime.vault, "me", runtime.now(), 5, channels=("kept_file",))
    channel = open_channels(runtime)["kept_file"]
    assert [channel.deliver(mine).state, channel.deliver(mine).state] == [SENT, SENT]
    [line] = (tmp_path / "kept.jsonl").read_text("utf-8").splitlines()
    told = json.loads(line)
    with runtime.reading() as session:
        assert told["size"] == 4 and told["public_key"] == evidence.public_key(runtime.vault)
        kept = (KnownHead(told["size"], told["root"]),)
        assert list(verification.problems(session, runtime.vault, runtime.now(), kept)) == []
    sign_in(client, runtime, "quality")
    assert "正在寄" in client.get("/admin/trust/").text


def test_a_past_that_was_written_anew_and_signed_again_is_found_by_the_kept_head(
    runtime: Runtime, point: Lookup
) -> None:
    """Somebody with the database and the key: without the head outside nothing would show."""
    send(runtime, point("D01"), (1, 0, 0, 0, 2))
    with runtime.transaction() as session:
        evidence.give_places(session)
        head = evidence.sign_head(session, runtime.vault, runtime.now())
        assert head is not None
        kept = (KnownHead(head.size, head.root),)
    with runtime.transaction() as session:
        gone = session.query(Rating).filter_by(score=5).first()
        assert gone is not None
        session.query(Evidence).filter_by(subject=f"rating:{gone.receipt}").delete()
        session.delete(gone)
        session.query(EvidenceNode).delete()
        session.query(TreeHead).delete()
        session.query(Evidence).update({"position": None})
    with runtime.transaction() as session:
        evidence.give_places(session)
        evidence.sign_head(session, runtime.vault, runtime.now())
    with runtime.reading() as session:
        assert list(verification.problems(session, runtime.vault, runtime.now())) == []
        found = [one.what for one in verification.problems(session, runtime.vault, runtime.now(), kept)]
    assert found == ["outside_head_broken"]
