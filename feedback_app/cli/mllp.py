"""Receive visits as HL7 v2 messages (ADT over MLLP)."""

import signal
import threading

import click

from feedback_app.cli._common import Session, say
from feedback_app.cli._mllp_server import MllpServer


@click.command("mllp", epilog="Example: service-star mllp")
@click.pass_obj
def mllp(session: Session) -> None:
    """Listen where [mllp] of the configuration says, until Ctrl-C. Only its allowed_networks may connect."""
    with session.runtime() as runtime:
        try:
            server = MllpServer(runtime)
        except OSError as error:
            raise click.UsageError(f"cannot listen: {error.strerror}") from error
        with server:
            say(f"listening on {runtime.settings.mllp.host}:{server.server_address[1]}")
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
            server.serve_forever()


COMMANDS = [mllp]
