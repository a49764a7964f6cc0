"""A thousand direct edits of the database, each on a copy of its own; ten thousand receipts checked by the stand-alone script.

python -m bench.tampering [--edits 1000] [--receipts 10000] [--ratings 400] [--large 0]

Edits are drawn at random: which table, which row, which column, what is done (changed, removed, inserted, moved, two exchanged,
the end cut off). A find counts when the report names the very row, or for the end of the log, the head that was kept outside.
``--large N`` times the whole check of a log of N entries, and measures the longest proof.
"""

import argparse
import importlib.util
import json
import random
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import feedback_app.web as web
from feedback_app.db.base import Base
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.db.schema import metadata_is_complete
from feedback_app.domain import merkle
from feedback_app.domain.stuffing import Weighed
from feedback_app.services import audit, evidence, own_ratings, ratings, set_asides, verification
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.verification import KnownHead
from feedback_app.settings import Settings

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SCRIPT = Path(web.__file__).parent / "static" / "check_receipt.py"
# What a rating's entry covers; the others (who sent it, until the key is destroyed) are covered by nothing, and decide nothing.
COVERED = {
    "receipt": "'AAAAAAAAAA'",
    "service_point_id": "service_point_id % 3 + 1",
    "score": "score % 5 + 1",
    "answers": "json_set(answers, '$.more', 1)",
    "comment": "comment || '好'",
    "answers_salt": "replace(answers_salt, substr(answers_salt, 1, 1), 'x')",
    "answers_digest": "replace(answers_digest, substr(answers_digest, 1, 1), 'x')",
    "channel": "'paper'",
    "questionnaire_version_id": "coalesce(questionnaire_version_id, 0) + 1",
    "made_up": "1 - made_up",
    "received_at": "'2026-11-19 22:00:00.000000'",
    "day": "'2026-11-03'",
    "period": "'2026-10'",
    "verified_how": "verified_how || 'slip'",
    "verified": "1 - verified",
    "unit_id": "coalesce(unit_id, 0) + 1",
    "late": "1 - late",
    "staff_sign": "staff_sign || 'staff'",
    "status": "CASE status WHEN 'counted' THEN 'excluded' ELSE 'counted' END",
    "why_not": "why_not || 'x'",
    "replaces": "'BBBBBBBBBB'",
}
Named = tuple[str, ...]
"""Any of these in the report locates the edit."""


def settings(folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "hospital": {"name": "bench"},
            "database": {"url": f"sqlite:///{folder / 'stars.db'}"},
            "complaints": {"phone": "000", "place": "-", "hours": "-", "routes": "-"},
            "security": {"secret_key": "a-secret-for-the-bench-0123456789abcdef", "hashing": "fast"},
        }
    )


def fill(runtime: Runtime, count: int) -> None:
    """So many ratings of three places; some withdrawn, held, excluded; a signed head after every fifty."""
    metadata_is_complete()
    with runtime.transaction() as session:
        Base.metadata.create_all(session.connection())
        session.add_all(ServicePoint(kind="window", key=f"W{n}", name=f"{n}号", changed_at=NOW) for n in (1, 2, 3))
    for start in range(0, count, 50):
        with runtime.transaction() as session:
            for n in range(start, min(start + 50, count)):
                _one(session, runtime, n)
            audit.write(session, actor="bench", action="looked", now=NOW, number=start)
        with runtime.transaction() as session:
            evidence.give_places(session)
            evidence.sign_head(session, runtime.vault, NOW + timedelta(seconds=start))


def _one(session: Any, runtime: Runtime, n: int) -> None:
    sent = Submission(n % 3 + 1, n % 5 + 1, "form", f"k{n}", f"第{n}条", {"overall": n % 5 + 1})
    done = ratings.submit(session, sent, zone=runtime.zone, now=NOW)
    rating = session.query(Rating).filter_by(receipt=done.receipt).one()
    if n % 17 == 3:
        own_ratings.withdraw(session, rating, why="手滑", now=NOW)
    elif n % 17 == 5:
        set_asides.hold(session, rating, Weighed(("burst",), 1.0), NOW)
    elif n % 17 == 7:
        aside = set_asides.propose(session, rating.id, reason="no_visit", words="没有来过", by="a", now=NOW)
        set_asides.confirm(session, aside.id, by="b", now=NOW)


def edits(connection: sqlite3.Connection, dice: random.Random) -> tuple[str, Named]:
    """Do one edit; what it was, and what the report must name."""
    kinds: dict[str, Callable[[sqlite3.Connection, random.Random], Named | None]] = {
        "rating changed": _rating_changed,
        "rating removed": _rating_removed,
        "rating inserted": _rating_inserted,
        "rating and entry removed": _both_removed,
        "two ratings exchanged": _exchanged,
        "entry changed": _entry_changed,
        "entry removed": _entry_removed,
        "entry inserted": _entry_inserted,
        "entries reordered": _reordered,
        "node changed": _node_changed,
        "head changed": _head_changed,
        "decision changed": _decision_changed,
        "audit changed": _audit_changed,
        "audit removed": _audit_removed,
        "end cut off": _cut,
    }
    while True:
        kind = dice.choice(list(kinds))
        named = kinds[kind](connection, dice)
        if named is not None:
            return kind, named


def _pick(connection: sqlite3.Connection, dice: random.Random, query: str) -> tuple[Any, ...]:
    return tuple(dice.choice(connection.execute(query).fetchall()))


def _rating_changed(connection: sqlite3.Connection, dice: random.Random) -> Named | None:
    number, receipt = _pick(connection, dice, "SELECT id, receipt FROM ratings")
    column, value = dice.choice(list(COVERED.items()))
    before = connection.execute(f"SELECT {column} FROM ratings WHERE id = ?", (number,)).fetchone()
    connection.execute(f"UPDATE ratings SET {column} = {value} WHERE id = ?", (number,))
    after = connection.execute(f"SELECT {column} FROM ratings WHERE id = ?", (number,)).fetchone()
    return None if before == after else (receipt, "AAAAAAAAAA")


def _rating_removed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    number, receipt = _pick(connection, dice, "SELECT id, receipt FROM ratings")
    connection.execute("DELETE FROM ratings WHERE id = ?", (number,))
    return (receipt,)


def _rating_inserted(connection: sqlite3.Connection, dice: random.Random) -> Named:
    number, _ = _pick(connection, dice, "SELECT id, receipt FROM ratings")
    names = [row[1] for row in connection.execute("PRAGMA table_info(ratings)")]
    others = ", ".join(name for name in names if name not in {"id", "receipt", "idempotency_key", "replaces"})
    connection.execute(
        f"INSERT INTO ratings (id, receipt, idempotency_key, {others}) SELECT 900000, 'AAAAAAAAAA', 'new', {others} FROM ratings WHERE id = ?",
        (number,),
    )
    return ("AAAAAAAAAA",)


def _both_removed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    number, receipt = _pick(connection, dice, "SELECT id, receipt FROM ratings")
    subject = f"rating:{receipt}"
    [position] = connection.execute("SELECT min(position) FROM evidence WHERE subject = ?", (subject,)).fetchone()
    connection.execute("DELETE FROM evidence WHERE subject = ?", (subject,))
    connection.execute("DELETE FROM ratings WHERE id = ?", (number,))
    return (f"position:{position}", f"node:0/{position} ")  # the newest leaves no gap, but the leaf of the tree stays


def _exchanged(connection: sqlite3.Connection, dice: random.Random) -> Named:
    one, two = dice.sample(connection.execute("SELECT id, receipt FROM ratings").fetchall(), 2)
    for number, receipt in ((one[0], "ZZZZZZZZZZ"), (two[0], one[1]), (one[0], two[1])):
        connection.execute("UPDATE ratings SET receipt = ? WHERE id = ?", (receipt, number))
    return (str(one[1]), str(two[1]))


def _entry_changed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    number, position, subject = _pick(connection, dice, "SELECT id, position, subject FROM evidence")
    column = dice.choice(("kind", "shown", "hidden", "leaf", "salt", "subject"))
    value = {"kind": "'withdrawn2'", "shown": "json_set(shown, '$.month', '2026-09')", "subject": "subject || 'x'"}.get(
        column, f"(CASE substr({column}, 1, 1) WHEN '0' THEN '1' ELSE '0' END) || substr({column}, 2)"
    )
    connection.execute(f"UPDATE evidence SET {column} = {value} WHERE id = ?", (number,))
    return (f"position:{position} ", str(subject))


def _entry_removed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    number, position, subject = _pick(connection, dice, "SELECT id, position, subject FROM evidence")
    connection.execute("DELETE FROM evidence WHERE id = ?", (number,))
    return (f"position:{position}", str(subject))


def _entry_inserted(connection: sqlite3.Connection, dice: random.Random) -> Named:
    """Somebody makes room in the middle and puts a made-up entry there, with everything after it moved on."""
    [place] = _pick(connection, dice, "SELECT position FROM evidence WHERE position > 0")
    for step in (1_000_000, -999_999):
        connection.execute("UPDATE evidence SET position = position + ? WHERE position >= ?", (step, place))
    connection.execute(
        "INSERT INTO evidence (id, position, kind, subject, shown, salt, hidden, leaf, written_at) "
        "SELECT 900000, ?, kind, 'rating:AAAAAAAAAA', shown, salt, hidden, leaf, written_at FROM evidence WHERE position = ?",
        (place, place - 1),
    )
    return ("AAAAAAAAAA", "head:", f"node:0/{place}")


def _reordered(connection: sqlite3.Connection, dice: random.Random) -> Named:
    first, second = sorted(dice.sample([row[0] for row in connection.execute("SELECT position FROM evidence")], 2))
    for before, after in ((first, -1), (second, first), (-1, second)):
        connection.execute("UPDATE evidence SET position = ? WHERE position = ?", (after, before))
    return (f"node:0/{first}", f"position:{first}")


def _node_changed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    level, place = _pick(connection, dice, "SELECT level, place FROM evidence_nodes")
    flipped = "(CASE substr(hash, 1, 1) WHEN '0' THEN '1' ELSE '0' END) || substr(hash, 2)"
    connection.execute(f"UPDATE evidence_nodes SET hash = {flipped} WHERE level = ? AND place = ?", (level, place))
    return (f"node:{level}/{place}",)


def _head_changed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    [size] = _pick(connection, dice, "SELECT size FROM tree_heads")
    column = dice.choice(("root", "signature"))
    flipped = f"(CASE substr({column}, 1, 1) WHEN '0' THEN '1' ELSE '0' END) || substr({column}, 2)"
    connection.execute(f"UPDATE tree_heads SET {column} = {flipped} WHERE size = ?", (size,))
    return (f"head:{size}",)


def _decision_changed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    number, receipt = _pick(
        connection, dice,
        "SELECT set_asides.id, receipt FROM set_asides JOIN ratings ON ratings.id = rating_id WHERE decided_at IS NOT NULL",
    )  # fmt: skip
    column = dice.choice(("proposed_by", "decided_by", "words"))
    connection.execute(f"UPDATE set_asides SET {column} = {column} || 'x' WHERE id = ?", (number,))
    return (receipt,)


def _audit_changed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    [number] = _pick(connection, dice, "SELECT id FROM audit_log")
    column, value = dice.choice((("actor", "'x'"), ("action", "'x'"), ("subject", "'x'"), ("details", "'{\"x\": 1}'")))
    connection.execute(f"UPDATE audit_log SET {column} = {value} WHERE id = ?", (number,))
    return (f"audit:{number}",)


def _audit_removed(connection: sqlite3.Connection, dice: random.Random) -> Named:
    [last] = connection.execute("SELECT max(id) FROM audit_log").fetchone()
    [number] = _pick(connection, dice, f"SELECT id FROM audit_log WHERE id < {last}")
    connection.execute("DELETE FROM audit_log WHERE id = ?", (number,))
    return (f"audit:{number + 1}",)


def _cut(connection: sqlite3.Connection, dice: random.Random) -> Named:
    """Everything after an older head is gone, heads and ratings too: only a head kept outside knows."""
    sizes = [row[0] for row in connection.execute("SELECT size FROM tree_heads ORDER BY size")]
    size = dice.choice(sizes[:-1])
    later = "SELECT substr(subject, 8) FROM evidence WHERE position >= ? AND kind = 'rating'"
    connection.execute(f"DELETE FROM ratings WHERE receipt IN ({later})", (size,))
    connection.execute("DELETE FROM evidence WHERE position >= ?", (size,))
    connection.execute("DELETE FROM evidence_nodes WHERE (place + 1) << level > ?", (size,))
    connection.execute("DELETE FROM tree_heads WHERE size > ?", (size,))
    return (f"outside_head_broken head:{sizes[-1]}",)


def tamper(runtime: Runtime, folder: Path, count: int, seed: int = 1) -> list[str]:
    """Edit so many copies; a line for each that was not found where it was."""
    dice, missed, done = random.Random(seed), [], Counter[str]()
    original = Path(runtime.database.url.database or "")
    with sqlite3.connect(original) as checkpoint:
        checkpoint.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    checkpoint.close()
    with runtime.reading() as session:
        [kept] = evidence.heads(session, 1)
    outside = (KnownHead(kept["size"], kept["root"]),)
    for _ in range(count):
        copy = folder / "edited.db"
        shutil.copy(original, copy)
        with sqlite3.connect(copy) as connection:
            kind, named = edits(connection, dice)
        connection.close()
        edited = Database(f"sqlite:///{copy}")
        with edited.reading() as session:
            report = [f"{one.what} {one.where} " for one in verification.problems(session, runtime.vault, NOW, outside)]
        edited.close()
        for rest in folder.glob("edited.db*"):
            rest.unlink()
        done[kind] += 1
        if not any(name in line for line in report for name in named):
            missed.append(f"{kind}: {named} not in {report[:3]}")
    print(f"edits: {count}, found and located: {count - len(missed)}; {dict(sorted(done.items()))}")
    return missed


def check_receipts(runtime: Runtime, count: int) -> int:
    """How many of so many receipts the stand-alone script calls right; read back from JSON as a file would be."""
    script, right = _script(), 0
    key = evidence.public_key(runtime.vault)
    with runtime.reading() as session:
        held = [receipt for (receipt,) in session.query(Rating.receipt).order_by(Rating.id).limit(count)]
        for receipt in held:
            file = json.dumps(evidence.prove(session, runtime.vault, f"rating:{receipt}").as_json(key))
            told = json.loads(file)
            right += told["inclusion"] is not None and not list(script.problems(told))
    print(f"receipts: {len(held)}, right by the stand-alone script: {right}")
    return len(held) - right


def _script() -> ModuleType:
    found = importlib.util.spec_from_file_location("check_receipt", SCRIPT)
    if found is None or found.loader is None:
        raise RuntimeError(f"{SCRIPT} is not there")
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return made


def large(count: int) -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    began = time.perf_counter()
    for index in range(count):
        leaf = merkle.leaf_hash(index.to_bytes(8, "big"))
        nodes.update(
            ((one[0], one[1]), one[2]) for one in merkle.new_nodes(index, leaf, lambda at, place: nodes[at, place])
        )
    took = time.perf_counter() - began
    longest = max(
        len(merkle.inclusion_proof(index, count, lambda at, place: nodes[at, place])) for index in range(0, count, 9973)
    )
    print(f"a tree of {count:,}: built anew in {took:.1f} s, longest proof seen {longest} hashes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--receipts", type=int, default=10_000)
    parser.add_argument("--ratings", type=int, default=400)
    parser.add_argument("--large", type=int, default=0)
    chosen = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        runtime = Runtime.open(settings(Path(name)))
        fill(runtime, chosen.ratings)
        for line in tamper(runtime, Path(name), chosen.edits):
            print("NOT FOUND", line)
            wrong += 1
        runtime.close()
    with tempfile.TemporaryDirectory() as name:
        runtime = Runtime.open(settings(Path(name)))
        fill(runtime, chosen.receipts)
        wrong += check_receipts(runtime, chosen.receipts)
        runtime.close()
    if chosen.large:
        large(chosen.large)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
