"""Three hospitals on two nodes: what of one can be seen at another? Must be nothing.

python -m bench.group [--database sqlite|postgresql] [--short] [--leak pages|keys|pushes]

Each hospital has a database, an official account, a WeCom, receivers and keys of its own; two ``serve`` and two ``work`` run for
all three. Every word, name, number and secret of a hospital bears its mark. ``--leak`` plants a fault that must be seen.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.group import run
from bench.group.leaks import LEAKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--leak", choices=sorted(LEAKS), default="")
    parser.add_argument("--short", action="store_true", help="as in the tests: every address once, as administrator")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = run.look_through(Path(folder), asked.database, short=asked.short, leak=asked.leak)
    print("\n".join(tally.lines()))
    for one in tally.wrong[:40]:
        print(f"  ! {one[:500]}")
    print(
        f"{asked.database}: {sum(tally.looked.values()):,} looked at, {len(tally.wrong)} wrong, {time.monotonic() - began:.0f} s"
    )
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
