"""A made-up hospital on this machine: what ``python3 run.py`` starts."""

import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from bots.sandbox.client import SandboxClient
from feedback_app import settings as configuration
from feedback_app.cli._common import say
from feedback_app.cli._demo import HOST, SANDBOX_ABOVE, Folder, Processes, is_ready, taken, write_config
from feedback_app.services import accounts, demo_hospital, schema
from feedback_app.services.demo_hospital import Size
from feedback_app.services.runtime import Runtime, opened

_HIGHEST_PORT = 65535 - SANDBOX_ABOVE


@click.command(epilog="Example: service-star demo --no-seed")
@click.option("--no-seed", is_flag=True, help="start with an empty hospital")
@click.option("--seed-only", is_flag=True, help="make the hospital and stop")
@click.option("--ratings", default=Size.ratings, show_default=True, type=click.IntRange(0, 1_000_000))
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True)
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1024, _HIGHEST_PORT))
def demo(no_seed: bool, seed_only: bool, ratings: int, folder: Path, port: int) -> None:
    """A made-up hospital with months of made-up ratings, the pages, a worker and a stand-in for WeChat. Ctrl-C ends it."""
    busy = None if seed_only else taken(port, port + SANDBOX_ABOVE)
    if busy is not None:
        say(f"Port {busy} is taken by another program. Choose another one: PORT=8080 python3 run.py")
        sys.exit(1)
    place = Folder(folder.resolve())
    write_config(place, port)
    with opened(configuration.load(place.config)) as runtime:
        schema.migrate(runtime.database, runtime.now())
        if not no_seed:
            _seed(runtime, Size(ratings=ratings))
        hints = [] if seed_only else _hints(runtime)
        with runtime.reading() as session:
            members = demo_hospital.wecom_members(session)
    if not seed_only:
        sys.exit(_run(place, port, hints, members))


def _seed(runtime: Runtime, size: Size) -> None:
    with runtime.reading() as session:
        if not demo_hospital.is_empty(session):
            return
    say("making a hospital that does not exist, with ratings nobody gave (each is marked as made up) …")
    with (
        runtime.transaction() as session,
        click.progressbar(length=size.ratings, label="ratings", file=sys.stderr) as bar,
    ):
        demo_hospital.seed(
            session,
            runtime.vault,
            runtime.settings,
            now=runtime.now(),
            progress=bar.update,
            size=size,
        )
        say("\nsaving …")


def _hints(runtime: Runtime) -> list[str]:
    """Where to look, with a one-time administrator link while there is no administrator."""
    base = runtime.settings.server.base_url
    with runtime.transaction() as session:
        forms = demo_hospital.an_address_each(session, runtime.vault, base, runtime.now())
        if accounts.all_accounts(session):
            console = f"{base}/admin/"
        else:
            console = f"{base}/admin/setup/{accounts.make_setup_link(session, 'admin', runtime.now())}"
    lines = [f"{label:<28}{address}" for label, address in forms]
    return [
        *lines,
        f"{'手机 / a phone (sandbox)':<28}http://{HOST}:{runtime.settings.sandbox.port}/",
        f"{'管理 / console':<28}{console}",
        f"{'光荣榜 / public board':<28}{base}/stars/",
        f"{'职工 / staff':<28}{base}/staff/",
    ]


def _run(place: Folder, port: int, hints: list[str], members: Sequence[Mapping[str, str]]) -> int:
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())
    processes = Processes(place)
    try:
        processes.start("sandbox", "sandbox", "--port", str(port + SANDBOX_ABOVE))
        processes.start("web", "serve", "--port", str(port))
        processes.start("worker", "work")
        sandbox = f"http://{HOST}:{port + SANDBOX_ABOVE}"
        if not all(is_ready(address, processes) for address in (f"http://{HOST}:{port}/readyz", f"{sandbox}/")):
            return _failed(processes)
        with SandboxClient(sandbox) as phones:
            phones.members(members)
        say("")
        for line in hints:
            click.echo(line)
        say(f"\nLogs are in {place.path}. Ctrl-C ends everything.")
        while not stop.wait(0.5):
            if processes.ended() is not None:
                return _failed(processes)
    finally:
        processes.stop()
    say("stopped")
    return 0


def _failed(processes: Processes) -> int:
    name = processes.ended() or "web"
    say(f"The {name} process did not keep running. Its last words:\n{processes.last_words(name)}")
    return 1


COMMANDS = [demo]
