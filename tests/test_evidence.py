"""The evidence log: entries get their place, proofs hold, and every direct edit of the database is found and named."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import feedback_app.web as check_receipt_folder
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain import evidence as entries
from feedback_app.domain import merkle
from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, evidence, leaderboards, own_ratings, ratings, verification
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.verification import KnownHead
from tests.intruder import Intruder, intruder

COUNT = 60
SCRIPT = Path(check_receipt_folder.__file__).parent / "static" / "check_receipt.py"


@pytest.fixture
def receipts(runtime: Runtime, point: Callable[[str], ServicePoint]) -> list[str]:
    """Sixty accepted ratings; fifty of them have their place under two signed heads, ten are still waiting."""
    keys = ("D01", "D02", "W03", "L02")
    given: list[str] = []
    for number in range(COUNT):
        submission = Submission(
            point_id=point(keys[number % 4]).id,
            score=number % 5 + 1,
            channel="form",
            idempotency_key=f"k{number}",
            comment=f"第{number}条",
        )
        with runtime.transaction() as session:
            given.append(ratings.submit(session, submission, zone=runtime.zone, now=runtime.now()).receipt)
            if number in {24, 49}:
                evidence.give_places(session)
                evidence.sign_head(session, runtime.vault, runtime.now())
            if number % 20 == 0:
                audit.write(session, actor="test", action="looked", now=runtime.now())
    return given


def found(runtime: Runtime, outside: tuple[KnownHead, ...] = ()) -> list[str]:
    with runtime.reading() as session:
        return list(looked_through(runtime, session, outside))


def looked_through(runtime: Runtime, session: Session, outside: tuple[KnownHead, ...] = ()) -> Iterator[str]:
    for one in verification.problems(session, runtime.vault, runtime.now(), outside):
        yield f"{one.what} {one.where}"


def test_an_untouched_log_holds(runtime: Runtime, receipts: list[str]) -> None:
    assert found(runtime) == []


def test_a_proof_leads_to_the_signed_root_and_never_tells_the_level(runtime: Runtime, receipts: list[str]) -> None:
    with runtime.reading() as session:
        proof = evidence.prove(session, runtime.vault, f"rating:{receipts[30]}").as_json(
            evidence.public_key(runtime.vault)
        )
        waiting = evidence.prove(session, runtime.vault, f"rating:{receipts[-1]}")
    assert waiting.inclusion is None and len(waiting.promise["signature"]) == 128
    entry, inclusion = proof["entry"], proof["inclusion"]
    leaf = bytes.fromhex(entries.leaf(entry["kind"], entry["shown"], entry["hidden"]))
    head = inclusion["head"]
    path = [bytes.fromhex(step) for step in inclusion["path"]]
    root = merkle.root_from_inclusion(leaf, inclusion["index"], head["size"], path)
    assert root is not None and root.hex() == head["root"]
    assert entry["shown"] == {"receipt": receipts[30], "for": "window:W03", "month": "2026-11"}
    assert "score" not in str(entry)


def test_the_later_tree_begins_with_the_earlier(runtime: Runtime, receipts: list[str]) -> None:
    with runtime.reading() as session:
        new, old = evidence.heads(session, 2)
        path = [bytes.fromhex(step) for step in evidence.consistency(session, old["size"], new["size"])]
        with pytest.raises(Refused):
            evidence.consistency(session, 40, 1000)
        with pytest.raises(NotFound):
            evidence.prove(session, runtime.vault, "rating:NOTTHERE00")
    assert merkle.is_consistent(old["size"], bytes.fromhex(old["root"]), new["size"], bytes.fromhex(new["root"]), path)


def test_an_entry_that_waits_too_long_is_reported(runtime: Runtime, receipts: list[str]) -> None:
    with runtime.reading() as session:
        late = runtime.now() + timedelta(minutes=10)
        waiting = [one for one in verification.problems(session, runtime.vault, late) if one.what == "entry_waiting"]
    assert len(waiting) == 10


def _tamper(connection: Intruder, kind: str, dice: random.Random) -> str:
    """Change one thing directly in the database; returns the words that the report must contain."""
    number = dice.randrange(1, COUNT + 1)
    row: Any = connection.execute(
        "SELECT receipt, (SELECT id FROM evidence WHERE subject = 'rating:' || receipt) FROM ratings WHERE id = ?",
        (number,),
    ).one()
    receipt, evidence_id = row
    placed = dice.randrange(49)
    edits: dict[str, tuple[str, tuple[object, ...], str]] = {
        "level": ("UPDATE ratings SET score = score % 5 + 1 WHERE id = ?", (number,), receipt),
        "words": ("UPDATE ratings SET comment = comment || '好' WHERE id = ?", (number,), receipt),
        "answers": ("UPDATE ratings SET answers = '{\"a\": 1}' WHERE id = ?", (number,), receipt),
        "target": ("UPDATE ratings SET service_point_id = service_point_id % 10 + 1 WHERE id = ?", (number,), receipt),
        "month": ("UPDATE ratings SET period = '2026-10' WHERE id = ?", (number,), receipt),
        "set aside": ("UPDATE ratings SET status = 'excluded' WHERE id = ?", (number,), receipt),
        "delete": ("DELETE FROM ratings WHERE id = ?", (number,), receipt),
        "insert": (
            "INSERT INTO ratings (id, receipt, idempotency_key, " + ", ".join(_others(connection)) + ") SELECT id + 1000, 'AAAAAAAAAA', 'new' || id, " + ", ".join(_others(connection)) + " FROM ratings WHERE id = ?",
            (number,), "AAAAAAAAAA",
        ),
        "entry": ("UPDATE evidence SET hidden = replace(hidden, substr(hidden, 1, 1), 'x') WHERE id = ?", (evidence_id,), receipt),
        "entry gone": ("DELETE FROM evidence WHERE id = ?", (evidence_id,), receipt),
        "swap": (
            "UPDATE evidence SET leaf = (SELECT leaf FROM evidence AS other WHERE other.position = ?) WHERE position = ?",
            (placed + 1, placed), f"position:{placed} ",
        ),
        "node": ("UPDATE evidence_nodes SET hash = replace(hash, substr(hash, 1, 1), 'f') || '' WHERE level = 1 AND place = ?", (placed // 2,), "node:"),
        "head": ("UPDATE tree_heads SET root = (SELECT hash FROM evidence_nodes LIMIT 1) WHERE size = 25", (), "head:25"),
        "audit": ("UPDATE audit_log SET actor = 'nobody' WHERE id = 2", (), "audit:2"),
        "audit gone": ("DELETE FROM audit_log WHERE id = 2", (), "audit:3"),
    }  # fmt: skip
    statement, values, named = edits[kind]
    changed = connection.execute(statement, values).rowcount
    assert changed == 1, (kind, changed)
    return named


def _others(connection: Intruder) -> list[str]:
    return [name for name in connection.columns("ratings") if name not in {"id", "receipt", "idempotency_key"}]


KINDS = (
    "level",
    "words",
    "answers",
    "target",
    "month",
    "set aside",
    "delete",
    "insert",
    "entry",
    "entry gone",
    "swap",
    "head",
    "audit",
    "audit gone",
)


@pytest.mark.parametrize("kind", KINDS)
def test_direct_edits_are_found_and_named(runtime: Runtime, receipts: list[str], kind: str) -> None:
    dice = random.Random(kind)
    for _ in range(7):
        with intruder(runtime.database, leaves_it=False) as hand:
            named = _tamper(hand, kind, dice)
            report = list(looked_through(runtime, Session(hand.connection)))
        assert any(named in line for line in report), (kind, named, report)


def test_a_cut_tail_is_found_against_a_head_kept_outside(runtime: Runtime, receipts: list[str]) -> None:
    with runtime.reading() as session:
        kept = evidence.heads(session, 1)[0]
    with intruder(runtime.database) as hand:
        for statement in (
            "DELETE FROM ratings WHERE 'rating:' || receipt IN (SELECT subject FROM evidence WHERE position IS NULL OR position >= 25)",
            "DELETE FROM evidence WHERE position IS NULL OR position >= 25",
            "DELETE FROM evidence_nodes WHERE (place + 1) << level > 25",
            "DELETE FROM tree_heads WHERE size > 25",
        ):
            hand.execute(statement)
    assert found(runtime) == []
    assert found(runtime, outside=(KnownHead(kept["size"], kept["root"]),)) == ["outside_head_broken head:50"]


def test_the_offline_script_accepts_the_right_and_refuses_every_change(
    runtime: Runtime, receipts: list[str], tmp_path: Path
) -> None:
    key = evidence.public_key(runtime.vault)
    with runtime.reading() as session:
        good = [evidence.prove(session, runtime.vault, f"rating:{receipt}").as_json(key) for receipt in receipts]
        new, old = evidence.heads(session, 2)
        path = evidence.consistency(session, old["size"], new["size"])
    included, waiting = good[7], good[-1]
    files = {"receipt": included, "old": old, "proof": {"path": path}, "waiting": waiting}
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), "utf-8")
    for arguments in (["receipt.json"], ["receipt.json", "old.json", "proof.json"], ["waiting.json"]):
        checked = subprocess.run(
            [sys.executable, "-S", "-E", SCRIPT, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0 and "RIGHT" in checked.stdout, checked.stdout + checked.stderr
    changes: list[tuple[str, ...]] = [
        ("entry", "shown", "month"), ("entry", "shown", "for"), ("entry", "hidden"), ("promise", "signature"),
        ("inclusion", "head", "root"), ("inclusion", "head", "signature"), ("public_key",),
    ]  # fmt: skip
    for where in changes:
        forged = json.loads(json.dumps(included))
        inner = forged
        for step in where[:-1]:
            inner = inner[step]
        inner[where[-1]] = ("0" if inner[where[-1]][0] != "0" else "1") + inner[where[-1]][1:]
        (tmp_path / "forged.json").write_text(json.dumps(forged), "utf-8")
        checked = subprocess.run(
            [sys.executable, "-S", "-E", SCRIPT, "forged.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 1 and "WRONG" in checked.stdout, (where, checked.stdout, checked.stderr)


def test_anyone_can_check_a_receipt_and_nobody_sees_the_level(
    client: FlaskClient, runtime: Runtime, receipts: list[str]
) -> None:
    page = client.get(f"/evidence/?receipt={receipts[2][:5].lower()}-{receipts[2][5:]}", follow_redirects=True)
    assert "给3号收费窗口的这条评价，已算进 2026 年 11 月" in page.text
    assert not any(level in page.text for level in ("满意", "score"))
    file = client.get(f"/evidence/receipts/{receipts[2]}.json").get_json()
    assert file["entry"]["shown"]["receipt"] == receipts[2]
    assert len(client.get("/evidence/heads.json").get_json()["heads"]) == 2
    assert client.get("/evidence/consistency.json?old=25&new=50").get_json()["path"]
    for bad in ("old=0&new=1", "old=9&new=1", "old=x&new=1", "old=1&new=99999"):
        assert client.get(f"/evidence/consistency.json?{bad}").status_code == 400
    assert client.get("/evidence/check/NOTTHERE00").status_code == 404


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leaderboards SET result = ?",
        "UPDATE leaderboards SET rules = '{}'",
        "UPDATE leaderboards SET result_hash = replace(result_hash, substr(result_hash, 1, 1), 'x')",
        "DELETE FROM leaderboard_rows WHERE id = (SELECT min(id) FROM leaderboard_rows)",
        "DELETE FROM leaderboards",
    ],
)
def test_a_changed_leaderboard_is_found(runtime: Runtime, receipts: list[str], statement: str) -> None:
    later = runtime.now() + timedelta(days=20)
    with runtime.transaction() as session:
        leaderboards.close(session, "monthly", Period.parse("2026-11"), now=later, zone=runtime.zone)
        evidence.give_places(session)
    assert found(runtime) == []
    with intruder(runtime.database) as hand:
        told = hand.execute("SELECT CAST(result AS TEXT) FROM leaderboards").scalar_one()
        hand.execute(statement, [told.replace("doctors", "dentists")] * statement.count("?"))
    assert any("stars:monthly:2026-11" in line for line in found(runtime))


def test_a_withdrawn_rating_cannot_be_brought_back_unseen(runtime: Runtime, receipts: list[str]) -> None:
    with runtime.transaction() as session:
        rating = session.query(Rating).filter_by(receipt=receipts[3]).one()
        own_ratings.withdraw(session, rating, why="手滑", now=runtime.now())
    assert found(runtime) == []
    with intruder(runtime.database) as hand:
        hand.execute("UPDATE ratings SET status = 'counted' WHERE receipt = ?", (receipts[3],))
    assert found(runtime) == [f"rating_set_aside_unseen rating:{receipts[3]}"]


def test_the_page_tells_how_many_came_and_how_many_count(
    client: FlaskClient, runtime: Runtime, receipts: list[str]
) -> None:
    with runtime.transaction() as session:
        gone = session.query(Rating).filter_by(receipt=receipts[0]).one()
        own_ratings.withdraw(session, gone, why="test", now=runtime.now())
    page = client.get("/evidence/").text
    assert f"收到 {COUNT} 条" in page and f"算进去 {COUNT - 1} 条" in page and "自己撤回的 1 条" in page
    assert client.get("/evidence/?lang=ug").status_code == 200
