"""Lists for spreadsheets and other programs."""

import sys
from datetime import datetime
from pathlib import Path

import click

from feedback_app.cli._common import Session, say
from feedback_app.services import exports
from feedback_app.services.exports import KINDS, Span

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(epilog="Example: service-star export ratings --since 2026-10-01 --until 2026-10-31 --out october.csv")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.option("--since", type=_DAY, help="first day, in the hospital's time zone")
@click.option("--until", type=_DAY, help="last day, included")
@click.option(
    "--format", "form", type=click.Choice(["csv", "xlsx", "jsonl"]), help="default: by the name of --out, else csv"
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="file to write; without it: standard output"
)
@click.pass_obj
def export(
    session: Session, kind: str, since: datetime | None, until: datetime | None, form: str | None, out: Path | None
) -> None:
    """Every stored row once, oldest first; nothing in it tells who a patient is."""
    form = form or (out.suffix.lstrip(".").lower() if out else "csv")
    if form not in {"csv", "xlsx", "jsonl"}:
        raise click.UsageError(f"{out}: say --format csv, xlsx or jsonl")
    if form == "xlsx" and out is None:
        raise click.UsageError("xlsx is not text: say where with --out FILE")
    with session.runtime() as runtime, runtime.reading() as transaction:
        span = Span(runtime.zone, since.date() if since else None, until.date() if until else None)
        rows = KINDS[kind].rows(transaction, span)
        columns = KINDS[kind].columns
        if out is None:
            write = exports.write_csv if form == "csv" else exports.write_jsonl
            count = write(columns, rows, sys.stdout)
        else:
            count = _to_file(out, form, columns, rows)
    say(f"{count} rows")


def _to_file(out: Path, form: str, columns: tuple[str, ...], rows: exports.Rows) -> int:
    """Written beside and renamed, so that nobody ever opens half a list."""
    beside = out.with_name(f".{out.name}.writing")
    try:
        if form == "xlsx":
            count = exports.write_xlsx(columns, rows, beside)
        else:
            # the mark at the beginning tells Excel that this is UTF-8
            with beside.open("w", encoding="utf-8-sig" if form == "csv" else "utf-8", newline="") as file:
                count = (exports.write_csv if form == "csv" else exports.write_jsonl)(columns, rows, file)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return count


COMMANDS = [export]
