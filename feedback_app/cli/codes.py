"""QR codes: list, export as pictures or sheets, retire, reissue."""

import getpass
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from feedback_app import texts
from feedback_app.cli._common import Session, put, say
from feedback_app.errors import NotFound
from feedback_app.services import codes, posters
from feedback_app.services.codes import KINDS, PRINTABLE, CodeRow, Wanted
from feedback_app.services.runtime import Runtime
from qr.layouts import LAYOUTS

_FIELDS = ("code", "url", "kind", "key", "name", "status")


def _choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--key", "keys", multiple=True, help="only this staff_no, window_no, unit_no (may be repeated)"),
        click.option("--department", default="", help="only this department: its code or its exact name"),
        click.option("--kind", type=click.Choice(KINDS), default=None, help="only this kind"),
    ):
        command = option(command)
    return command


@click.group("codes", epilog="Example: service-star codes export --out print --format pdf --layout stand --kind window")
def group() -> None:
    """The QR codes of doctors, nurses, windows, logistics teams and departments."""


@group.command("list", epilog="Example: service-star codes list --kind window --format jsonl | head -1")
@click.option("--format", "form", type=click.Choice(["jsonl", "table"]), default="jsonl", show_default=True)
@_choosing
@click.pass_obj
def list_codes(session: Session, form: str, kind: str | None, department: str, keys: tuple[str, ...]) -> None:
    """One line a code: code, url, kind, key, name, status. Service points without a code get one first."""
    with session.runtime() as runtime:
        found = _complete(runtime, Wanted(kind=kind or "", department=department, keys=keys))
    for row in found:
        fields = [getattr(row, name) for name in _FIELDS]
        if form == "jsonl":
            put(dict(zip(_FIELDS, fields, strict=True)))
        else:
            click.echo("\t".join([row.grouped, *fields[1:]]))
    say(f"{len(found)} codes")


@group.command(
    epilog="Example: service-star codes export --out print --format pdf --layout badge --department 心血管内科"
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="folder; made if needed")
@click.option("--format", "form", type=click.Choice(["png", "svg", "pdf"]), default="png", show_default=True)
@click.option("--layout", type=click.Choice(list(LAYOUTS)), default="stand", show_default=True, help="for pdf")
@click.option("--lang", type=click.Choice(texts.complete()), default=texts.DEFAULT_LANGUAGE, show_default=True)
@_choosing
@click.pass_obj
def export(
    session: Session,
    out: Path,
    form: str,
    layout: str,
    lang: str,
    kind: str | None,
    department: str,
    keys: tuple[str, ...],
) -> None:
    """Pictures (one file a code) or printable sheets (one PDF) of all codes, those of resting windows and teams included."""
    with session.runtime() as runtime:
        found = _complete(runtime, Wanted(kind=kind or "", department=department, keys=keys, status=PRINTABLE))
        if not found:
            raise NotFound("codes.nothing")
        _warn(runtime, found, lang, form)
        try:
            out.mkdir(parents=True, exist_ok=True)
            written = (
                _sheets(runtime, found, out, layout, lang) if form == "pdf" else _pictures(runtime, found, out, form)
            )
        except OSError as error:
            raise click.UsageError(f"cannot write to {out}: {error.strerror}") from error
    say(f"{written} written to {out}, {len(found)} codes")


@group.command(epilog="Example: service-star codes retire 0001-7XK2-9QDM --why 贴错了窗口")
@click.argument("code")
@click.option("--why", default="", help="kept in the audit log")
@click.pass_obj
def retire(session: Session, code: str, why: str) -> None:
    """Stop CODE at once; the scan page says so kindly."""
    with session.runtime() as runtime, runtime.transaction() as work:
        found = codes.find(work, runtime.vault, code)
        codes.retire(work, found, why=why[:200], actor=operator(), now=runtime.now())
        put({"code": found.text, "status": found.status, "name": found.service_point.name})


@group.command(epilog="Example: service-star codes reissue 0001-7XK2-9QDM --why 立牌丢失")
@click.argument("code")
@click.option("--why", default="", help="kept in the audit log")
@click.pass_obj
def reissue(session: Session, code: str, why: str) -> None:
    """Stop CODE at once and make a new one for the same service point."""
    with session.runtime() as runtime, runtime.transaction() as work:
        old = codes.find(work, runtime.vault, code)
        new = codes.reissue(work, runtime.vault, old, why=why[:200], actor=operator(), now=runtime.now())
        url = codes.address(runtime.settings.server.base_url, new.text or "")
        put({"code": new.text, "url": url, "instead_of": old.text, "name": new.service_point.name})


def _complete(runtime: Runtime, wanted: Wanted) -> Sequence[CodeRow]:
    """The codes asked for, after every service point has one."""
    with runtime.reading() as session:
        lacking = codes.missing(session)
    if lacking:
        with runtime.transaction() as session:
            made = codes.issue_missing(session, runtime.vault, actor=operator(), now=runtime.now())
        say(f"{made} new codes made")
    with runtime.reading() as session:
        return codes.rows(session, runtime.settings.server.base_url, wanted)


def _warn(runtime: Runtime, found: Sequence[CodeRow], lang: str, form: str) -> None:
    server = runtime.settings.server
    if not server.is_public:
        say(texts.text("codes.print.local", lang, base=server.base_url))
    lacking = posters.unprintable(found, runtime.settings, lang) if form == "pdf" else {}
    if lacking:
        say(texts.text("codes.print.lacking", lang, names="、".join(lacking)))


def _pictures(runtime: Runtime, found: Sequence[CodeRow], out: Path, form: str) -> str:
    with _progress(len(found)) as done:
        for number, row in enumerate(found, start=1):
            (out / posters.picture_name(row, form)).write_bytes(posters.picture(row, form, runtime.settings))
            done(number, len(found))
    return f"{len(found)} {form} files"


def _sheets(runtime: Runtime, found: Sequence[CodeRow], out: Path, layout: str, lang: str) -> str:
    with _progress(len(found)) as done:
        document = posters.document(found, runtime.settings, layout, language=lang, now=runtime.now(), progress=done)
    (out / f"{layout}.pdf").write_bytes(document)
    with runtime.transaction() as session:
        codes.note_printing(session, number=len(found), layout=layout, actor=operator(), now=runtime.now())
    return f"{layout}.pdf"


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error when that is a terminal; yields the step."""
    with click.progressbar(length=total, file=sys.stderr) as bar:

        def step(_done: int, _total: int) -> None:
            bar.update(1)

        yield step


def operator() -> str:
    """Who sits at the command line, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name
        return "cli"


COMMANDS = [group]
