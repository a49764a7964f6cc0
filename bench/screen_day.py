"""The lobby screen for 24 simulated hours in a real browser: every page turned, memory flat.

    python -m bench.screen_day [--hours 24]

The browser's own clock is moved on by the length of a page, so that the screen turns its pages by itself, as it would in the
lobby; the server's clock moves with it, and ratings come in each hour, so that what the screen shows changes. Once in six hours
the server is away for three pages: the screen stays and goes on. After each simulated hour the garbage is collected and counted:
JavaScript heap, documents, nodes and listeners, and the memory of the browser's processes. Printed at the end: begin, end, and
the slope an hour (least squares), without the first two hours, in which caches fill.
"""

import argparse
import logging
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.improvements import ChangeCard
from feedback_app.domain.cycles import Period
from feedback_app.services import complaints, leaderboards, publications, ratings, schema
from feedback_app.services.complaints import Filing
from feedback_app.services.ratings import Submission
from feedback_app.services.runtime import Runtime
from feedback_app.web.boards import SCREEN_SECONDS
from tests.browser import launch
from tests.conftest import NOON, settings_for
from tests.people import directory
from tests.star_ratings import october

AN_HOUR = 3600 // SCREEN_SECONDS  # pages
WARM = 2  # hours until what is kept once (compiled scripts, fonts, caches) is there
AWAY_EVERY, AWAY_PAGES = 6, 3


@dataclass(frozen=True)
class Held:
    """What the browser holds: bytes of JavaScript heap, documents, nodes, listeners; MiB of memory of all its processes that
    is their own (``browser``), and of the one that draws the page (``page``)."""

    heap: int
    documents: int
    nodes: int
    listeners: int
    browser: float = 0.0
    page: float = 0.0


def turn(page: Page, pages: int) -> None:
    """Let so many pages' time go by; each must turn by itself."""
    for _ in range(pages):
        with page.expect_navigation(wait_until="load"):
            page.clock.fast_forward(SCREEN_SECONDS * 1000)


def away(page: Page, pages: int) -> None:
    """So many pages' time without a server; the page stays."""
    page.route("**/stars/screen?part=*", lambda route: route.abort())
    for _ in range(pages):
        with page.expect_event("requestfailed"):
            page.clock.fast_forward(SCREEN_SECONDS * 1000)
    page.unroute("**/stars/screen?part=*")


def held(context: BrowserContext, page: Page) -> Held:
    """After a collection of garbage."""
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found: dict[str, Any] = {
        one["name"]: int(one["value"]) for one in session.send("Performance.getMetrics")["metrics"]
    }
    session.detach()
    return Held(
        found["JSHeapUsedSize"], found["Documents"], found["Nodes"], found["JSEventListeners"],
        own_memory(""), own_memory("--type=renderer"),
    )  # fmt: skip


def own_memory(kind: str) -> float:
    """MiB that belong to the browser's processes alone, of those started with this argument; as Linux tells them, 0 elsewhere."""
    total = 0
    for one in _descendants():
        try:
            if b"chrom" in (one / "comm").read_bytes() and kind.encode() in (one / "cmdline").read_bytes():
                rows = (one / "smaps_rollup").read_text("ascii").splitlines()
                total += sum(int(row.split()[1]) for row in rows if row.startswith("Private_"))
        except OSError:  # it ended meanwhile
            continue
    return round(total / 1024, 1)


def _descendants() -> list[Path]:
    parents = {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(one.parent.name)] = int(one.read_text("utf-8").rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, fresh = set[int](), {os.getpid()}
    while fresh := {child for child, parent in parents.items() if parent in fresh} - found:
        found |= fresh
    return [Path(f"/proc/{one}") for one in found]


def slope(values: Sequence[float]) -> float:
    """By least squares, a step."""
    steps = range(len(values))
    return statistics.linear_regression(steps, values).slope if len(values) > 1 else 0.0


def published(runtime: Runtime) -> None:
    """A board of several leagues, and what patients said and was done."""
    with runtime.transaction() as session:
        session.add_all(directory(NOON))
        session.flush()
        october(session)
        month = Period.parse("2026-10")
        leaderboards.close(session, "monthly", month, now=NOON, zone=runtime.zone)
        publications.publish(session, "monthly", month, by="bench", now=NOON, settings=runtime.settings)
        point_id = session.scalars(select(ServicePoint.id)).first()
        complaints.file(session, Filing("等得太久", "form", "card", point_id=point_id), zone=runtime.zone, now=NOON)
        case_id = session.scalars(select(Case.id)).one()
        words = {"said": "早上缴费排队太长，老人站不住。", "did": "七点半起多开两个窗口，旁边放了椅子。"}
        made = {"state": "published", "written_by": "bench", "written_at": NOON, "published_at": NOON}
        session.add(ChangeCard(case_id=case_id, **words, **made))


def come_in(runtime: Runtime, hour: int) -> None:
    """The server's clock goes on by an hour, and twenty ratings come in."""
    clock.move(Path(runtime.settings.sandbox.clock_file), NOON + timedelta(hours=hour))
    with runtime.transaction() as session:
        points = session.scalars(select(ServicePoint.id).where(ServicePoint.kind == "window").limit(20)).all()
        for number, point in enumerate(points):
            sent = Submission(point, 1 + (hour + number) % 5, "form", f"screen {hour} {number}", made_up=True)
            ratings.submit(session, sent, zone=runtime.zone, now=runtime.now())


def main(arguments: Sequence[str] | None = None) -> list[Held]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    told = parser.parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(Path(folder))
        clock.move(Path(settings.sandbox.clock_file), NOON)
        runtime = Runtime.open(settings)
        schema.migrate(runtime.database, NOON)
        published(runtime)
        server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = launch(playwright)
            context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
            page = context.new_page()
            page.clock.install()
            page.goto(f"http://127.0.0.1:{server.server_port}/stars/screen")
            turn(page, 10)
            hours = [held(context, page)]
            print(f"begin: {hours[0]}", flush=True)
            for hour in range(told.hours):
                come_in(runtime, hour + 1)
                lost = AWAY_PAGES if hour % AWAY_EVERY == AWAY_EVERY - 1 else 0
                away(page, lost)
                turn(page, AN_HOUR - lost)
                hours.append(held(context, page))
                print(f"hour {hour + 1:>2}: {hours[-1]}", flush=True)
            browser.close()
        server.shutdown()
        runtime.close()
    print(f"{told.hours * AN_HOUR} pages' time")
    steady = hours[min(WARM, len(hours) - 2) :]
    for place, one in enumerate(fields(Held)):
        row = [float(astuple(hour)[place]) for hour in steady]
        print(
            f"{one.name:>10}: begin {getattr(hours[0], one.name):,}, after {WARM} h {row[0]:,.1f}, end {row[-1]:,.1f}, "
            f"most {max(row):,.1f}, slope {slope(row):+,.2f} an hour ({100 * slope(row) / (row[0] or 1):+.2f} %)"
        )
    return hours


if __name__ == "__main__":
    main()
