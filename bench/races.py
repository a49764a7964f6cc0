"""Twenty submissions at the same moment where one may count, over real HTTP, again and again, on both databases.

python -m bench.races [--rounds 1000] [--parallel 20] [--database sqlite|postgresql|both]

The rounds take turns: one browser (the same cookie), one slip, and one form sent twenty times (the same key: one row).
"""

import argparse
import http.client
import secrets
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from bench.running import Product
from feedback_app.db.ratings import Rating
from feedback_app.services import tickets, verification
from feedback_app.services.runtime import opened
from feedback_app.settings import load
from tests import postgres

KINDS = ("browser", "slip", "key")
MOST_SLIPS = 1000


def races(folder: Path, kind: str, rounds: int, parallel: int) -> int:
    """Returns in how many rounds not exactly one counted."""
    product = Product(folder, kind, workers=2, places=1)
    slips = _slips(product, rounds // len(KINDS) + 1)
    for name in ("serve", "work"):
        product.start(name)
    product.wait()
    try:
        statuses = _run(product, rounds, parallel, slips)
    finally:
        product.stop()
    found: dict[str, Counter[str]] = {str(turn): Counter() for turn in range(rounds)}
    with opened(load(product.config)) as runtime, runtime.reading() as session:
        for one in session.query(Rating):
            found[one.comment][one.status] += 1
        problems = [
            one for one in verification.problems(session, runtime.vault, runtime.now()) if one.what != "entry_waiting"
        ]
    wanted = [{"counted": 1} if turn % 3 == 2 else {"counted": 1, "repeat": parallel - 1} for turn in range(rounds)]
    wrong = [turn for turn in range(rounds) if dict(found[str(turn)]) != wanted[turn]]
    print(
        f"{kind}: {rounds} rounds of {parallel}: exactly one counted in {rounds - len(wrong)}; "
        f"answers {dict(statuses)}; verify: {len(problems)} problems",
        flush=True,
    )
    for turn in wrong[:5]:
        print("  WRONG", turn, KINDS[turn % 3], dict(found[str(turn)]))
    return len(wrong) + len(problems)


def _run(product: Product, rounds: int, parallel: int, slips: Sequence[str]) -> Counter[int]:
    barrier, statuses, lock = threading.Barrier(parallel), Counter[int](), threading.Lock()
    shared = [secrets.token_urlsafe(18) for _ in range(rounds)]

    def client() -> None:
        own: Counter[int] = Counter()
        for turn in range(rounds):
            what = KINDS[turn % 3]
            form = {
                "key": shared[turn] if what == "key" else secrets.token_urlsafe(18),
                "overall": "5",
                "comment": str(turn),
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            if what == "slip":
                form["slip"] = slips[turn // 3]
            if what == "browser":
                headers["Cookie"] = f"device={shared[turn]}"
            barrier.wait(600)
            connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=300)
            connection.request("POST", f"/s/{product.printed[0]}", urlencode(form), headers)
            answer = connection.getresponse()
            answer.read()
            own[answer.status] += 1
            connection.close()
        with lock:
            statuses.update(own)

    threads = [threading.Thread(target=client) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def _slips(product: Product, count: int) -> list[str]:
    with opened(load(product.config)) as runtime, runtime.transaction() as session:
        batch = tickets.make(
            session,
            runtime.vault,
            "window",
            "W0",
            count=min(count, MOST_SLIPS),
            by="bench",
            zone=runtime.zone,
            now=datetime.now(UTC),
        )
    return list(batch.slips)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--parallel", type=int, default=20)
    parser.add_argument("--database", choices=("sqlite", postgres.KIND, "both"), default="both")
    chosen = parser.parse_args()
    wrong = 0
    for kind in ("sqlite", postgres.KIND) if chosen.database == "both" else (chosen.database,):
        with tempfile.TemporaryDirectory() as name:
            wrong += races(Path(name), kind, chosen.rounds, chosen.parallel)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
