"""Visit tickets: slips on paper, and the address of a window's screen."""

from pathlib import Path

import click

from feedback_app import texts
from feedback_app.cli._common import Session, put, say
from feedback_app.cli.codes import operator
from feedback_app.services import codes, posters, tickets
from feedback_app.services.codes import KINDS, Wanted
from feedback_app.services.runtime import Runtime

_window = click.option("--window", "key", required=True, metavar="KEY", help="window_no, staff_no or unit_no")
_kind = click.option("--kind", type=click.Choice(KINDS), default="window", show_default=True)


@click.group("tickets", epilog="Example: service-star tickets make --window W01 --count 50 --out slips.pdf")
def group() -> None:
    """Visit tickets: whoever rates with one is known to have been there. Each counts once."""


@group.command(epilog="Example: service-star tickets make --window W01 --count 50 --out slips.pdf")
@_window
@_kind
@click.option("--count", type=click.IntRange(1, tickets.MOST_IN_BATCH), default=50, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="sheet of strips to cut (PDF)")
@click.option("--lang", type=click.Choice(texts.complete()), default=texts.DEFAULT_LANGUAGE, show_default=True)
@click.pass_obj
def make(session: Session, key: str, kind: str, count: int, out: Path | None, lang: str) -> None:
    """Make COUNT one-time slips; one JSON object a slip on standard output. They hold for thirty days."""
    with session.runtime() as runtime:
        now = runtime.now()
        with runtime.transaction() as work:
            batch = tickets.make(work, runtime.vault, kind, key, count=count, by=operator(), zone=runtime.zone, now=now)
            code = codes.issue(work, runtime.vault, batch.point, now).text or ""
        urls = tickets.addresses(runtime.settings.server.base_url, code, batch.slips)
        for slip, url in zip(batch.slips, urls, strict=True):
            put({"batch": batch.id, "ticket": slip, "url": url, "expires_at": batch.expires_at.isoformat()})
        if out is not None:
            _print(runtime, key, kind, batch.slips, urls, out, lang)
    say(f"batch {batch.id}: {count} slips for {batch.point.name}, until {batch.expires_at:%Y-%m-%d}")


@group.command(epilog="Example: service-star tickets revoke 12")
@click.argument("batch", type=click.IntRange(1))
@click.pass_obj
def revoke(session: Session, batch: int) -> None:
    """The slips of BATCH stop working, for example when they were lost."""
    with session.runtime() as runtime, runtime.transaction() as work:
        put({"batch": batch, "revoked": tickets.revoke(work, batch, by=operator(), now=runtime.now())})


@group.command(epilog="Example: service-star tickets screen --window W01")
@_window
@_kind
@click.pass_obj
def screen(session: Session, key: str, kind: str) -> None:
    """The address to open on the window's own screen. Whoever knows it can rate as a visitor: keep it there."""
    with session.runtime() as runtime:
        with runtime.transaction() as work:
            point = tickets.point_of(work, kind, key)
            code = codes.issue(work, runtime.vault, point, runtime.now()).text or ""
        click.echo(tickets.screen_address(runtime.vault, runtime.settings.server.base_url, code))


def _print(
    runtime: Runtime, key: str, kind: str, slips: tuple[str, ...], urls: list[str], out: Path, lang: str
) -> None:
    base = runtime.settings.server.base_url
    with runtime.reading() as session:
        row = codes.rows(session, base, Wanted(kind=kind, keys=(key,), status="active"))[0]
    try:
        out.write_bytes(posters.slips(row, list(zip(slips, urls, strict=True)), runtime.settings, lang, runtime.now()))
    except OSError as error:
        raise click.UsageError(f"cannot write to {out}: {error.strerror}") from error


COMMANDS = [group]
