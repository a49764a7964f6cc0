"""WeChat and WeCom on this machine."""

import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click
from werkzeug.serving import BaseWSGIServer

from bots.sandbox import faults
from bots.sandbox.app import create_sandbox
from bots.sandbox.codes import ShownCode
from bots.sandbox.faults import Faults
from bots.sandbox.server import HOST, server
from bots.sandbox.state import Member
from feedback_app.cli._common import Session, say
from feedback_app.services import schema, stand_in
from feedback_app.services.runtime import Runtime


@click.command(epilog="Example: service-star sandbox --port 8100 --faults faults.toml")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="default: [sandbox] port; 0: any free one")
@click.option(
    "--faults",
    "faults_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="what should go wrong, and how often (format: bots/sandbox/faults.py)",
)
@click.pass_obj
def sandbox(session: Session, port: int | None, faults_file: Path | None) -> None:
    """Stand in for WeChat and WeCom on 127.0.0.1, with a phone page. Needs [sandbox] enabled = true."""
    wanted = _read(faults_file) if faults_file else None
    with session.runtime() as runtime:
        served = open_server(runtime, port, wanted)
        address = f"http://{HOST}:{served.port}/"
        say(f"WeChat and WeCom sandbox: {address}  (callbacks go to {runtime.settings.server.base_url}/wechat)")
        _serve(served)
    say("sandbox stopped")


def open_server(runtime: Runtime, port: int | None, wanted: Faults | None) -> BaseWSGIServer:
    """The sandbox of this hospital, bound and ready to serve.

    Raises ConfigurationError ``sandbox.disabled``, click.UsageError when the port is taken.
    """

    def codes() -> Sequence[ShownCode]:
        if not schema.is_current(runtime.database):
            return ()
        with runtime.reading() as session:
            rows = stand_in.hanging_codes(session, runtime.settings.server.base_url)
            return [{"code": row.code, "url": row.url, "kind": row.kind, "name": row.name} for row in rows]

    def members() -> Sequence[Member]:
        if not schema.is_current(runtime.database):
            return ()
        with runtime.reading() as session:
            return [Member(*colleague) for colleague in stand_in.colleagues(session)]

    port = runtime.settings.sandbox.port if port is None else port
    app = create_sandbox(runtime.settings, codes=codes, members=members, faults=wanted)
    try:
        return server(app, port)
    except OSError as error:
        raise click.UsageError(f"port {port}: {error.strerror}") from error


def _read(file: Path) -> Faults:
    try:
        return faults.read(file)
    except ValueError as error:
        raise click.UsageError(f"{file}: {error}") from error


def _serve(served: BaseWSGIServer) -> None:
    """Until SIGINT or SIGTERM."""

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=served.shutdown).start()  # shutdown waits for serve_forever, which runs here

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    served.serve_forever(poll_interval=0.1)
    served.server_close()


COMMANDS = [sandbox]
