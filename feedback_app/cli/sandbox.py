"""``service-star sandbox``: WeChat and WeCom on this machine."""

import signal
import threading
from pathlib import Path
from types import FrameType

import click

from bots.sandbox import faults as wanted_faults
from bots.sandbox.app import create_sandbox
from bots.sandbox.server import HOST, server
from feedback_app.cli._common import Session, say


@click.command(epilog="Example: service-star sandbox --port 8100 --faults faults.toml")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="default: [sandbox] port; 0: any free one")
@click.option("--faults", "faults_file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=None)
@click.pass_obj
def sandbox(session: Session, port: int | None, faults_file: Path | None) -> None:
    """Stand in for WeChat and WeCom on 127.0.0.1, with a phone page. Needs [sandbox] enabled = true."""
    settings = session.settings()
    try:
        faults = wanted_faults.read(faults_file) if faults_file else None
    except ValueError as error:
        raise click.UsageError(f"{faults_file}: {error}") from error
    app = create_sandbox(settings, faults=faults)
    try:
        served = server(app, settings.sandbox.port if port is None else port)
    except OSError as error:
        raise click.UsageError(f"port {port or settings.sandbox.port}: {error.strerror}") from error

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=served.shutdown).start()  # shutdown waits for serve_forever, which runs here

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    say(
        f"WeChat and WeCom sandbox: http://{HOST}:{served.server_port}/  (callbacks go to {settings.server.base_url}/wechat)"
    )
    served.serve_forever(poll_interval=0.1)
    served.server_close()
    say("sandbox stopped")


COMMANDS = [sandbox]
