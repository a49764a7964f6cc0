"""Goal: nobody, nor all together, can tell from pages, exports, messages and replies what a single patient answered.

    python -m bench.one_answer [--worlds 4] [--seed 1]

The same hospital is lived through several times, with answers handed round among those whose figures are given together
(``tests.security.one_answer``). Printed: how many patients said something else in a hospital that looked the same, how many pages
were compared word for word, where they differed (goal: nowhere), and whether each planted leak was found (goal: all).
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.security import one_answer
from tests.security.leaks import LEAKS
from tests.security.one_answer import PLANTED


def main(arguments: Sequence[str] | None = None) -> int:
    """How many pages differed that must not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    visits, differing, missed, others = one_answer.drawn(told.seed), 0, set(LEAKS), []
    with tempfile.TemporaryDirectory() as folder:
        homes = [Path(folder) / str(number) for number in range(told.worlds + 1)]
        for home in homes:
            home.mkdir()
        real = one_answer.live(one_answer.opened(homes[0], LEAKS), visits)
        print(
            f"{len(visits)} patients, {len(real.seen):,} pages, papers, messages and replies on {len(one_answer.VISITS)} days",
            flush=True,
        )
        for number, home in enumerate(homes[1:], 1):
            others.append(one_answer.handed_round(visits, real.runtime, told.seed * 100 + number))
            imagined = one_answer.live(one_answer.opened(home, LEAKS), others[-1])
            found = one_answer.differences(real, imagined)
            missed -= {address for _, who, address in found if who == PLANTED}
            wrong = [key for key in found if key[1] != PLANTED]
            differing += len(wrong)
            for key in wrong[:20]:
                print("  ", *key, one_answer.first_difference(real.seen.get(key, ""), imagined.seen.get(key, "")))
            print(f"hospital {number}: {len(wrong)} pages differ", flush=True)
            imagined.runtime.close()
        real.runtime.close()
    print(f"{len(one_answer.otherwise(visits, others))} of {len(visits)} patients said something else in a hospital that looks the same; "
          f"{differing} pages differ (goal: 0); planted leaks found {len(LEAKS) - len(missed)} of {len(LEAKS)}")  # fmt: skip
    return differing


if __name__ == "__main__":
    main()
