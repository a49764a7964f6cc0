"""The network cut at random moments while a rating is sent; the page closed and opened again: 0 lost, 0 doubled.

python -m bench.cuts [--rounds 100] [--seed 1]

A real browser, the real product, and a line between them that is cut after a random number of bytes: in the request, before the
answer, in the answer, in what follows. Half of the cuts end the connections politely, half by reset. Then the page is closed,
the network comes back, and the person opens the same address again.
"""

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from bench.cut_line import CutLine, cut_line
from bench.form_get import hospital
from feedback_app.app import create_app
from feedback_app.db.complaints import Case
from feedback_app.db.ratings import Rating
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import load
from tests.browser import launch
from tests.conftest import PHONE

_SENT = "() => !document.querySelector('#unsent')?.hidden || !document.querySelector('#rate')"
_IS_DONE = "() => location.pathname.startsWith('/r/') || location.pathname.startsWith('/feedback/filed')"


@dataclass
class Tally:
    """What became of the rounds. ``where``: how many cuts fell before, and after, the rating had been stored."""

    rounds: int = 0
    lost: int = 0
    doubled: int = 0
    unseen: int = 0  # stored, but the person who opened the page again was not shown where
    where: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Way:
    """One kind of page: how it is filled in, and how many rows bear the words."""

    path: str
    fill: Callable[[Page, str], None]
    stored: Callable[[Runtime, str], int]


def fill_rating(page: Page, words: str) -> None:
    page.locator("label.level").nth(len(words) % 5).tap()
    page.locator("textarea").first.fill(words)


def fill_feedback(page: Page, words: str) -> None:
    page.locator("#text").fill(words)


def ratings_of(runtime: Runtime, words: str) -> int:
    with runtime.reading() as session:
        return len(session.scalars(select(Rating.id).where(Rating.comment == words)).all())


def cases_of(runtime: Runtime, words: str) -> int:
    with runtime.reading() as session:
        return len(session.scalars(select(Case.id).where(Case.text == words, Case.rating_id.is_(None))).all())


def cut_rounds(browser: Browser, line: CutLine, runtime: Runtime, way: Way, rounds: int, seed: int) -> Tally:
    """``rounds`` people, one after the other, each with a phone of their own."""
    chance, tally = random.Random(seed), Tally()
    whole = _bytes_of_one(browser, line, way)
    for number in range(rounds):
        words = f"第 {number} 位，等了很久" + "。" * (number % 5)
        with browser.new_context(**PHONE) as phone:
            moment = chance.choice((0, chance.randrange(1, whole), chance.randrange(1, whole // 3)))
            _one(phone, line, runtime, way, words, moment, reset=chance.random() < 0.5, tally=tally)
    return tally


def _bytes_of_one(browser: Browser, line: CutLine, way: Way) -> int:
    """How many bytes one sending takes from the tap to the page of thanks."""
    with browser.new_context(**PHONE) as phone:
        page = phone.new_page()
        page.goto(f"http://127.0.0.1:{line.port}{way.path}")
        way.fill(page, "一次没有断的")
        line.arm(1 << 30, reset=False)
        page.locator("button[type=submit]").tap()
        page.wait_for_function(_IS_DONE)
        line.mend()
    return line.passed


def _one(
    phone: BrowserContext,
    line: CutLine,
    runtime: Runtime,
    way: Way,
    words: str,
    moment: int,
    *,
    reset: bool,
    tally: Tally,
) -> None:
    address = f"http://127.0.0.1:{line.port}{way.path}"
    page = phone.new_page()
    page.goto(address)
    way.fill(page, words)
    line.arm(moment, reset=reset)
    page.locator("button[type=submit]").tap()
    line.was_cut.wait(20)
    tally.where["after it was stored" if way.stored(runtime, words) else "before"] += 1
    _close(page)
    line.mend()
    again = phone.new_page()
    again.goto(address)
    try:
        again.wait_for_function(_IS_DONE, timeout=15_000)
    except Exception:
        tally.unseen += 1
    found = way.stored(runtime, words)
    tally.rounds += 1
    tally.lost += found == 0
    tally.doubled += found > 1


def _close(page: Page) -> None:
    """As a person does it. ``page.close`` waits for ever for a page whose answer was cut off in the middle."""
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]["targetId"]
    browser = page.context.browser
    assert browser
    browser.new_browser_cdp_session().send("Target.closeTarget", {"targetId": target})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        code = hospital(Path(name))
        settings = load(Path(name) / "config.toml")
        app = create_app(settings)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = launch(playwright)
        bad = 0
        ways = {
            "rating": Way(f"/s/{code}", fill_rating, ratings_of),
            "complaint": Way("/feedback", fill_feedback, cases_of),
        }
        with cut_line(server.server_port) as line, opened(settings) as runtime:
            for what, way in ways.items():
                tally = cut_rounds(browser, line, runtime, way, arguments.rounds, arguments.seed)
                print(
                    f"{what:<10} {tally.rounds} cuts ({dict(tally.where)}): {tally.lost} lost, {tally.doubled} doubled, "
                    f"{tally.unseen} stored but not shown to whoever opened the page again"
                )
                bad += tally.lost + tally.doubled
        browser.close()
        server.shutdown()
        app.extensions["service_star"].close()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
