"""The lobby screen for 24 simulated hours in a real browser: every page turned, memory flat.

    python -m bench.screen_day [--hours 24]

The browser's own clock is moved on by the length of a page, so that the screen turns its pages by itself, as it would in the
lobby. After each simulated hour the garbage is collected and counted: JavaScript heap, documents, nodes and listeners, and the
memory of the browser's processes. Also tried: the server is away for a while, and the screen stays and goes on.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from feedback_app import clock
from feedback_app.app import create_app
from feedback_app.services import demo_hospital, schema
from feedback_app.services.demo_hospital import Size
from feedback_app.services.runtime import Runtime
from feedback_app.web.boards import SCREEN_SECONDS
from tests.browser import launch
from tests.conftest import NOON, settings_for

AN_HOUR = 3600 // SCREEN_SECONDS  # pages


@dataclass(frozen=True)
class Held:
    """What the browser holds: bytes of JavaScript heap, documents, nodes, listeners."""

    heap: int
    documents: int
    nodes: int
    listeners: int


def turn(page: Page, pages: int) -> None:
    """Let so many pages' time go by; each must turn by itself."""
    for _ in range(pages):
        with page.expect_navigation(wait_until="load"):
            page.clock.fast_forward(SCREEN_SECONDS * 1000)


def held(context: BrowserContext, page: Page) -> Held:
    """After a collection of garbage."""
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found: dict[str, Any] = {
        one["name"]: int(one["value"]) for one in session.send("Performance.getMetrics")["metrics"]
    }
    session.detach()
    return Held(found["JSHeapUsedSize"], found["Documents"], found["Nodes"], found["JSEventListeners"])


def main(arguments: Sequence[str] | None = None) -> list[Held]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(Path(folder))
        clock.move(Path(settings.sandbox.clock_file), NOON)
        runtime = Runtime.open(settings)
        schema.migrate(runtime.database, NOON)
        with runtime.transaction() as session:
            demo_hospital.seed(session, runtime.vault, settings, now=NOON, progress=lambda _: None, size=Size(3000, 2))
        server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
        Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = launch(playwright)
            context = browser.new_context(viewport={"width": 1920, "height": 1080})
            page = context.new_page()
            page.clock.install()
            page.goto(f"http://127.0.0.1:{server.server_port}/stars/screen")
            turn(page, 10)
            hours = [held(context, page)]
            print(f"begin: {hours[0]}", flush=True)
            for hour in range(told.hours):
                turn(page, AN_HOUR)
                hours.append(held(context, page))
                print(f"hour {hour + 1:>2}: {hours[-1]}", flush=True)
            browser.close()
        server.shutdown()
        runtime.close()
    first, last = hours[0], hours[-1]
    print(f"{told.hours * AN_HOUR} pages turned; heap x {last.heap / first.heap:.2f}, documents {first.documents} -> {last.documents}, "
          f"nodes {first.nodes} -> {last.nodes}, listeners {first.listeners} -> {last.listeners}")  # fmt: skip
    return hours


if __name__ == "__main__":
    main()
