"""Twenty month ends under a moved clock: 8 web workers, 3 worker processes, two of them killed at each; both databases.

python -m bench.month_ends [--months 20] [--database sqlite|postgresql]

Patients rate over the web meanwhile; at every second month end a web worker or the whole web server is killed as well. Each
board must be there once and unaltered, each person told once a month, each acknowledged rating on one board, whatever was
killed when. What each step of a month end took is printed as it goes.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.forking import Forge
from tests import postgres
from tests.journeys.conftest import running
from tests.journeys.month_ends import BOUND, judge, live_through

PATIENCE = 300.0  # seconds, on a machine that has other things to do


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=20)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--web", type=int, default=8)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = postgres.url_for(Path(folder)) if chosen.database == "postgresql" else ""
        forge, began = Forge(), time.monotonic()
        told: Any = {"web_workers": chosen.web, "workers": chosen.workers, "forge": forge, "patience": PATIENCE}
        with running(Path(folder), database=url, **told) as hospital:
            receipts = live_through(hospital, chosen.months, workers=chosen.workers, tell=partial(print, flush=True))
            found = judge(hospital, chosen.months, receipts)
        forge.close()
    kills = 2 * chosen.months + chosen.months // 2
    print(f"{chosen.database}: {chosen.months} month ends in {time.monotonic() - began:.0f} s, {kills} kills")
    print(
        f"boards {found['boards']} ({found['unaltered']} unaltered), messages {found['queued']} for {len(BOUND)} people"
    )
    print(
        f"{len(receipts)} ratings acknowledged over the web meanwhile: {found['lost']} not there once, "
        f"{found['elsewhere']} on another board than theirs"
    )
    print(f"received by each person: at least {found['fewest']}, at most {found['most']}")


if __name__ == "__main__":
    main()
