"""Backups taken while ratings, cases and pushes are written: each restored into an empty folder, verified and equal, row by row, to
its own moment; each damaged one refused in words that say what to do, with the folder as it was.

python -m bench.backups [--backups 100] [--damaged 1000] [--database sqlite|postgresql]

"Equal": the digest over every value of every row that the product made from the live database inside the backup's own moment is
made again from the restored one. And, without trusting that digest: every rating acknowledged before the backup began is in it, the
evidence log and the audit chain verify, and each entry of the evidence log is the entry the live database has at the end.
"""

import argparse
import gzip
import hashlib
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bench.running import Patients, Product
from feedback_app import texts
from feedback_app.db.complaints import Case
from feedback_app.db.engine import Database
from feedback_app.db.evidence import Evidence
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.errors import Refused
from feedback_app.jobs.sending import Sender
from feedback_app.services import backups, outbox, verification
from feedback_app.services.deliveries import SENT, Outcome, Outgoing
from feedback_app.services.runtime import Runtime, opened
from feedback_app.services.vault import Vault
from feedback_app.settings import load
from tests import postgres

STRANGER = Vault("the-secret-of-another-hospital-0123456789")


@dataclass
class Outcomes:
    """``held``: ratings, cases and pushes in the first and in the last backup."""

    taken: int = 0
    equal: int = 0
    wrong: list[str] = field(default_factory=list)
    held: list[tuple[int, int, int]] = field(default_factory=list)
    damaged: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # code -> how many
    not_refused: list[str] = field(default_factory=list)
    arrived: int = 0  # ratings acknowledged meanwhile
    longest: float = 0.0  # seconds for one backup

    @property
    def clean(self) -> bool:
        return self.equal == self.taken and self.refused.total() == self.damaged and not self.not_refused


class _Anyone:
    """A channel that takes everything."""

    idempotent = True

    def deliver(self, _message: Outgoing) -> Outcome:
        return Outcome(SENT)


@dataclass
class Pushes:
    """Messages are queued and sent until stopped, by the worker's own code."""

    runtime: Runtime
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        sender = Sender("bench", self.runtime, {"mail": _Anyone()}, self.over)
        number = 0
        while not self.over.is_set():
            with self.runtime.transaction() as session:
                for _ in range(5):
                    number += 1
                    outbox.put(
                        session,
                        dedupe_key=f"push-{number}",
                        purpose="report",
                        channel="mail",
                        recipient=self.runtime.vault.seal(f"somebody-{number}@qingshan.example"),
                        payload={"title": "本月", "text": f"第 {number} 条"},
                        now=self.runtime.now(),
                    )
            sender.deliver()
            self.over.wait(0.02)


def run(folder: Path, kind: str, *, count: int, damaged: int, seed: int = 1) -> Outcomes:
    product = Product(folder, kind)
    people = Patients(product, count=3)
    for name in ("serve", "work"):
        product.start(name)
    product.wait()
    people.start()
    found = Outcomes()
    try:
        with opened(load(product.config)) as runtime, opened(load(product.config)) as another:
            pushes = Pushes(another)
            pushing = threading.Thread(target=pushes.run)
            pushing.start()
            try:
                kept = _take_all(runtime, people, folder, count, found)
            finally:
                pushes.over.set()
                pushing.join()
                people.stop()
            found.arrived = len(people.accepted)
            _compare_entries(runtime, kept, found)
            _refuse_all(folder, runtime.vault, damaged, random.Random(seed), found)
    finally:
        people.over.set()
        product.stop()
    return found


def _take_all(runtime: Runtime, people: Patients, folder: Path, count: int, found: Outcomes) -> dict[int, str]:
    """Backups one after the other; the entries of the evidence log that they hold: number -> leaf."""
    kept: dict[int, str] = {}
    _until(lambda: len(people.accepted) >= 10)
    for number in range(count):
        before, began = set(people.accepted.values()), time.monotonic()
        backup = folder / ("first.backup" if number == 0 else f"{number}.backup")
        taken = backups.take(runtime.database, backup, runtime.vault, runtime.now())
        found.longest = max(found.longest, time.monotonic() - began)
        found.taken += 1
        wrong = _restored(runtime, backup, taken, before, kept, found)
        found.equal += not wrong
        if wrong:
            found.wrong.append(f"{number}: {wrong}")
        if 0 < number < count - 1:
            backup.unlink()
        else:
            backup.rename(folder / ("first.backup" if number == 0 else "last.backup"))
        if number % 10 == 9:
            print(f"  {number + 1} backups, {found.equal} equal, {len(people.accepted)} ratings so far", flush=True)
    if count == 1:
        (folder / "last.backup").write_bytes((folder / "first.backup").read_bytes())
    return kept


def _until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 120
    while not is_so():
        if time.monotonic() > ends:
            raise TimeoutError("no rating was accepted")
        time.sleep(0.05)


def _restored(
    runtime: Runtime, backup: Path, taken: backups.Copy, before: set[str], kept: dict[int, str], found: Outcomes
) -> str:
    """What is wrong with it; "" when nothing is."""
    with tempfile.TemporaryDirectory(dir=backup.parent) as name:
        target = Path(name) / "restored.db"
        made = backups.restore(backup, target, runtime.vault)
        if (made.rows, made.digest) != (taken.rows, taken.digest):
            return "rows differ"
        copy = Database(f"sqlite:///{target}")
        try:
            with copy.reading() as session:
                problems = verification.first_problems(session, runtime.vault, datetime.fromisoformat(taken.taken_at))
                held = {receipt for (receipt,) in session.query(Rating.receipt)}
                found.held.append((len(held), session.query(Case).count(), session.query(OutboxMessage).count()))
                for number, leaf in session.query(Evidence.id, Evidence.leaf):
                    if kept.setdefault(number, leaf) != leaf:
                        return f"entry {number} is not what an earlier backup had"
        finally:
            copy.close()
    return f"{problems[0]}" if problems else "" if held >= before else f"{len(before - held)} ratings are missing"


def _compare_entries(runtime: Runtime, kept: dict[int, str], found: Outcomes) -> None:
    with runtime.reading() as session:
        live = {number: leaf for number, leaf in session.query(Evidence.id, Evidence.leaf)}  # noqa: C416
    differing = [number for number, leaf in kept.items() if live.get(number) != leaf]
    if differing:
        found.wrong.append(f"{len(differing)} entries are not those of the live database")
        found.equal = 0


@dataclass(frozen=True)
class Damage:
    """``codes``: how it may be refused."""

    what: str
    content: bytes
    codes: frozenset[str]
    vault: Vault


def _refuse_all(folder: Path, vault: Vault, count: int, dice: random.Random, found: Outcomes) -> None:
    target = folder / "elsewhere"
    target.mkdir()
    (target / "precious.txt").write_text("not ours", "utf-8")
    good, other = (folder / "last.backup").read_bytes(), (folder / "first.backup").read_bytes()
    for damage in _damages(good, other, vault, count, dice):
        found.damaged += 1
        bad = folder / "bad.backup"
        bad.write_bytes(damage.content)
        try:
            backups.restore(bad, target / "made.db", damage.vault)
            found.not_refused.append(damage.what)
        except Refused as error:
            said = [texts.text(f"backup.errors.{error.code.partition('.')[2]}", one) for one in ("zh", "en")]
            untouched = [file.name for file in target.iterdir()] == ["precious.txt"]
            if (
                error.code in damage.codes
                and untouched
                and all("什么都没有" in one or "othing was" in one for one in said)
            ):
                found.refused[error.code] += 1
            else:
                found.not_refused.append(f"{damage.what}: {error.code}, folder untouched: {untouched}")


_ANY = frozenset({"backup.cut", "backup.damaged", "backup.not_a_backup", "backup.forged", "backup.newer"})


def _damages(good: bytes, other: bytes, vault: Vault, count: int, dice: random.Random) -> Iterator[Damage]:
    """In turn: one bit, the end cut off, bytes put in, two parts exchanged, zeros, a part of another backup, another's heading,
    the heading edited, the heading edited and summed anew, another hospital's key, another file under this name."""
    start = good.index(b"\n") + 1
    kinds: tuple[Callable[[], tuple[str, bytes]], ...] = (
        lambda: ("one bit", _flip(good, dice)),
        lambda: ("cut", good[: dice.randrange(len(good))]),
        lambda: ("bytes put in", _put_in(good, dice)),
        lambda: ("parts exchanged", _exchange(good, start, dice)),
        lambda: ("zeros", _zeros(good, dice)),
        lambda: ("a part of another backup", _part_of(good, other, start, dice)),
        lambda: ("another's heading", other[: other.index(b"\n") + 1] + good[start:]),
        lambda: ("heading edited", _edited(good, start, dice, anew=False)),
        lambda: ("heading edited and summed anew", _edited(good, start, dice, anew=True)),
        lambda: ("another key", good),
        lambda: ("another file", _another_file(good, start, dice)),
    )
    for number in range(count):
        what, content = kinds[number % len(kinds)]()
        if content == good and what != "another key":
            what, content = "one byte more", good + b"x"
        another_key = what == "another key"
        codes = frozenset({"backup.other_key"}) if another_key else _ANY
        if what == "heading edited and summed anew":
            codes = frozenset({"backup.forged"})
        yield Damage(what, content, codes, STRANGER if another_key else vault)


def _flip(good: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(good))
    return good[:at] + bytes([good[at] ^ (1 << dice.randrange(8))]) + good[at + 1 :]


def _put_in(good: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(good))
    return good[:at] + b"\x01" + dice.randbytes(dice.randrange(1, 50)) + good[at:]


def _exchange(good: bytes, start: int, dice: random.Random) -> bytes:
    pages = [good[at : at + 4096] for at in range(start, len(good), 4096)]
    a, b = dice.sample(range(len(pages)), 2)
    pages[a], pages[b] = pages[b], pages[a]
    return good[:start] + b"".join(pages)


def _zeros(good: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(good))
    gone = min(600, len(good) - at)
    return good[:at] + bytes(gone) + good[at + gone :]


def _part_of(good: bytes, other: bytes, start: int, dice: random.Random) -> bytes:
    """The same place of a backup taken earlier; where both are alike, its whole database."""
    at = start + 4096 * dice.randrange((len(good) - start) // 4096)
    part = other[at : at + 40_960]
    made = good[:at] + part + good[at + len(part) :]
    return made if made != good else good[:start] + other[other.index(b"\n") + 1 :]


def _edited(good: bytes, start: int, dice: random.Random, *, anew: bool) -> bytes:
    """Somebody makes it say something else; ``anew``: and computes its sum as the program does, without the secret key."""
    told = json.loads(good[:start])
    match dice.randrange(4):
        case 0:
            told["rows"]["ratings"] += 1
        case 1:
            told["taken_at"] = "2026-01-01T00:00:00+00:00"
        case 2:
            told["digest"] = dice.randbytes(32).hex()
        case _:
            told["rows"].pop("ratings")
    if anew:
        said = {name: value for name, value in told.items() if name not in {"sha256", "seal"}}
        told["sha256"] = hashlib.sha256(json.dumps(said, sort_keys=True).encode() + good[start:]).hexdigest()
    return json.dumps(told, ensure_ascii=False).encode() + b"\n" + good[start:]


def _another_file(good: bytes, start: int, dice: random.Random) -> bytes:
    return dice.choice(
        (good[start:], gzip.compress(good[:4096], mtime=0), b"", b"[hospital]\n", b"{}\n", dice.randbytes(5000))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backups", type=int, default=100)
    parser.add_argument("--damaged", type=int, default=1000)
    parser.add_argument("--database", choices=("sqlite", postgres.KIND), default="sqlite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = run(Path(name), chosen.database, count=chosen.backups, damaged=chosen.damaged)
    first, last = found.held[0], found.held[-1]
    print(
        f"{chosen.database}: {found.taken} backups while {found.arrived} ratings arrived (ratings, cases, pushes: {first} in the first, "
        f"{last} in the last; the longest took {found.longest:.1f} s): {found.equal} restored, verified and equal row by row"
    )
    print(f"{found.damaged} damaged ones: {found.refused.total()} refused, the folder untouched: {dict(found.refused)}")
    for wrong in (*found.wrong, *found.not_refused[:10]):
        print("  WRONG", wrong)
    raise SystemExit(not found.clean)


if __name__ == "__main__":
    main()
