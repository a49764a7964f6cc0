"""A scripted person with a phone: taps, keystrokes and time from the scanned code to the page of thanks, default set.

python -m bench.phone_user [--times 20]

The machine's part is measured in a real browser on a slow connection (400 ms round trip, 50 KB/s: a crowded 3G cell). The person's
part is added by the keystroke-level model (Card, Moran, Newell 1980): 1.35 s to decide, 1.1 s to point, 0.2 s to tap; reading at
5 Chinese characters a second. It stands for an unhurried adult, not for a test with people.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.form_get import hospital
from bench.measure import gunicorn
from tests.browser import launch
from tests.conftest import PHONE

DECIDE, POINT, TAP, CHARACTER = 1.35, 1.1, 0.2, 0.2  # seconds
MOST_TAPS = 3
_SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
_COUNT = """() => {
  window.name = "0 0";
  const add = place => { const all = window.name.split(" ").map(Number); all[place] += 1; window.name = all.join(" ") };
  addEventListener("pointerdown", () => add(0), true);
  addEventListener("keydown", () => add(1), true);
}"""


@dataclass(frozen=True)
class Taken:
    """What one rating took. ``read``: characters of the promise, the question and the five levels."""

    taps: int
    keystrokes: int
    machine_s: float
    read: int

    @property
    def person_s(self) -> float:
        return self.read * CHARACTER + self.taps * (DECIDE + POINT + TAP)


def rate_once(browser: Browser, address: str, level: int, *, slow: bool = False) -> Taken:
    """Open the form, choose the level, send; nothing else, as most people do."""
    with browser.new_context(**PHONE) as phone:
        page = phone.new_page()
        if slow:
            phone.new_cdp_session(page).send("Network.emulateNetworkConditions", _SLOW)
        started = time.perf_counter()
        page.goto(address)
        opened = time.perf_counter() - started
        page.evaluate(_COUNT)
        words = page.locator("h1, .promise, .levels").all_inner_texts()
        started = time.perf_counter()
        page.locator(f"label.level:has([value='{level}'])").tap()
        page.locator("button[type=submit]").tap()
        page.wait_for_url("**/r/**")
        sent = time.perf_counter() - started
        taps, keystrokes = (int(part) for part in page.evaluate("window.name").split())
    return Taken(taps, keystrokes, opened + sent, sum(len("".join(one.split())) for one in words))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        code = hospital(Path(name))
        browser = launch(playwright)
        environment = {"SERVICE_STAR_CONFIG": str(Path(name) / "config.toml")}
        with gunicorn("bench.form_get:ours()", environment) as (port, _):
            address = f"http://127.0.0.1:{port}/s/{code}"
            rate_once(browser, address, 5)  # the workers have started
            runs = [rate_once(browser, address, 1 + number % 5, slow=True) for number in range(times)]
        browser.close()
    taps = statistics.median(one.taps for one in runs)
    machine, person = (statistics.median(part) for part in zip(*((o.machine_s, o.person_s) for o in runs), strict=True))
    print(
        f"default set, {times} ratings of all levels: median {taps:.0f} taps, {runs[0].keystrokes} keystrokes (goal <= {MOST_TAPS})"
    )
    print(
        f"median time: {machine:.1f} s page and network (slow cell), {person:.1f} s reading, deciding and tapping (model)"
    )
    for level in range(1, 6):
        own = [one for number, one in enumerate(runs) if 1 + number % 5 == level]
        print(
            f"  level {level}: {max(one.taps for one in own)} taps, {statistics.median(o.person_s for o in own):.1f} s of the person"
        )
    sys.exit(0 if max(one.taps for one in runs) <= MOST_TAPS else 1)


if __name__ == "__main__":
    main()
