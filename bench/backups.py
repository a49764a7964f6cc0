"""Backups taken while ratings arrive: each restored elsewhere, verified and equal to its own moment; each damaged one refused.

python -m bench.backups [--backups 100] [--damaged 1000] [--database sqlite|postgresql]
"""

import argparse
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.running import Patients, Product
from feedback_app.db.engine import Database
from feedback_app.db.ratings import Rating
from feedback_app.errors import Refused
from feedback_app.services import backups, verification
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import load
from tests import postgres


@dataclass(frozen=True)
class Outcome:
    taken: int
    equal: int  # restored, clean, and holding every rating acknowledged before the backup began
    smallest: int  # ratings in the first and in the last one
    largest: int
    damaged: int
    refused: int
    arrived: int  # ratings acknowledged meanwhile


def run(folder: Path, kind: str, *, count: int, damaged: int, seed: int = 1) -> Outcome:
    product = Product(folder, kind)
    people = Patients(product, count=3)
    for name in ("serve", "work"):
        product.start(name)
    product.wait()
    people.start()
    sizes, equal, last = [], 0, folder / "0.backup"
    try:
        with opened(load(product.config)) as runtime:
            for number in range(count):
                before = set(people.accepted.values())
                last = folder / f"{number}.backup"
                backups.take(runtime.database, last, runtime.now())
                held = _restored(runtime, last, folder / "restored.db", runtime.now())
                equal += held is not None and held >= before
                sizes.append(len(held or ()))
                if number < count - 1:
                    last.unlink()
    finally:
        people.stop()
        product.stop()
    refused = sum(_is_refused(bad, folder) for bad in _damaged(last.read_bytes(), damaged, random.Random(seed)))
    return Outcome(count, equal, sizes[0], sizes[-1], damaged, refused, len(people.accepted))


def _restored(runtime: Runtime, backup: Path, target: Path, now: datetime) -> set[str] | None:
    """The receipts in it; None when it is not whole."""
    backups.restore(backup, target)
    copy = Database(f"sqlite:///{target}")
    try:
        with copy.reading() as session:
            wrong = [one for one in verification.problems(session, runtime.vault, now) if one.what != "entry_waiting"]
            return None if wrong else {receipt for (receipt,) in session.query(Rating.receipt)}
    finally:
        copy.close()
        for file in target.parent.glob(f"{target.name}*"):
            file.unlink()


def _damaged(good: bytes, count: int, dice: random.Random) -> Iterator[bytes]:
    """A bit turned over, a part cut off, bytes put in, two pages exchanged, zeros: one after the other."""
    for number in range(count):
        at = dice.randrange(len(good))
        match number % 5:
            case 0:
                yield good[:at] + bytes([good[at] ^ (1 << dice.randrange(8))]) + good[at + 1 :]
            case 1:
                yield good[:at]
            case 2:
                yield good[:at] + dice.randbytes(dice.randrange(1, 50)) + good[at:]
            case 3:
                a, b = sorted(dice.sample(range(1, len(good) // 4096 - 1), 2))
                one, other = good[a * 4096 : (a + 1) * 4096], good[b * 4096 : (b + 1) * 4096]
                swapped = good[: a * 4096] + other + good[(a + 1) * 4096 : b * 4096] + one + good[(b + 1) * 4096 :]
                yield swapped if swapped != good else good + b"x"
            case _:
                gone = good[:at] + bytes(min(600, len(good) - at)) + good[at + 600 :]
                yield gone if gone != good else good[:-1]


def _is_refused(content: bytes, folder: Path) -> bool:
    bad, made = folder / "bad.backup", folder / "bad.db"
    bad.write_bytes(content)
    try:
        backups.restore(bad, made)
    except Refused:
        return not list(folder.glob("bad.db*"))
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backups", type=int, default=100)
    parser.add_argument("--damaged", type=int, default=1000)
    parser.add_argument("--database", choices=("sqlite", postgres.KIND), default="sqlite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = run(Path(name), chosen.database, count=chosen.backups, damaged=chosen.damaged)
    print(
        f"{chosen.database}: {found.taken} backups while {found.arrived} ratings arrived ({found.smallest} ratings in the first, "
        f"{found.largest} in the last): {found.equal} restored, verified and complete; {found.damaged} damaged ones: {found.refused} refused"
    )
    raise SystemExit(found.equal != found.taken or found.refused != found.damaged)


if __name__ == "__main__":
    main()
