"""Visits told by files: one by hand, or everything in the drop folder."""

import sys
from pathlib import Path

import click

from feedback_app import texts
from feedback_app.cli._common import Session, put, say
from feedback_app.errors import Refused
from feedback_app.services import visit_files
from feedback_app.services.visit_files import Taken


@click.group("visits", epilog="Example: service-star visits import 就诊.csv")
def group() -> None:
    """Visits from the hospital's system, which ratings are counted against."""


@group.command("import", epilog="Example: service-star visits import 就诊.csv")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_(session: Session, file: Path) -> None:
    """Take in a list (CSV, TSV, XLSX); good lines are stored, bad ones told."""
    with session.runtime() as runtime:
        try:
            taken = visit_files.take_file(runtime, file.read_bytes())
        except Refused as error:
            say(texts.error(error.code, texts.DEFAULT_LANGUAGE, error.params))
            sys.exit(2)
    _told(file.name, taken)


@group.command(epilog="Example: service-star visits folder")
@click.pass_obj
def folder(session: Session) -> None:
    """Take in what waits in visits.drop_folder now; `service-star work` does so each minute."""
    with session.runtime() as runtime:
        place = runtime.settings.visits.drop_folder
        if not place:
            raise click.UsageError("visits.drop_folder is not set")
        for name, taken in visit_files.take_folder(runtime, Path(place)):
            _told(name, taken)


def _told(name: str, taken: Taken) -> None:
    for one in taken.problems[:200]:
        say(f"{name}:{one.line}: {texts.error(one.code, texts.DEFAULT_LANGUAGE, one.params)}")
    counts = {"received": taken.received, "stored": taken.stored, "known": taken.known, "changed": taken.changed}
    put({"file": name, **counts, "rejected": len(taken.problems)})


COMMANDS = [group]
