"""``service-star …``: the console script.

A command's module is imported when that command is called, and not before: most of them load the whole product, and
``--help`` or a mistyped name should be answered at once (docs/decisions/0080).
"""

import ast
import importlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click

from feedback_app.cli._explaining import explained
from feedback_app.errors import FeedbackError


class Place(NamedTuple):
    """Where a command lives: a module of this package, and the line that the list of commands shows for it."""

    module: str
    summary: str


SHARED: Mapping[str, Place] = {
    "admin-link": Place("operations", "A new one-time link to make an administrator."),
    "check": Place("running", "Tell what is wrong; exit status 1 if anything is."),
    "copy-database": Place("copy_database", "Copy everything into an empty database of another kind."),
    "drill": Place("backup", "Back up, restore elsewhere, verify and compare."),
    "import": Place("directory", "Import departments, staff, windows, logistics, places, duty."),
    "init": Place("operations", "Write config.toml, create the database."),
    "migrate": Place("operations", "Bring the database to this version."),
    "receipt": Place("operations", "Whether and where a rating is included."),
    "restore": Place("backup", "Make the database from a backup; never over one that exists."),
    "serve": Place("running", "Serve the web pages and the callbacks."),
    "verify": Place("operations", "Recompute the evidence log and the audit chain."),
    "work": Place("running", "Close months, deliver messages, keep house."),
}
"""Commands whose module has another name. Any other command is found by its file: ``codes`` is in codes.py."""


@cache
def places() -> Mapping[str, Place]:
    """Every command. Files are read for the first line of their docstring, not imported."""
    named = {place.module for place in SHARED.values()} - {"backup"} | {"main"}
    here = Path(__file__).parent
    by_file = [file for file in here.glob("[!_]*.py") if file.stem not in named]
    found = {file.stem: Place(file.stem, _first_line(file)) for file in by_file}
    return dict(sorted({**found, **SHARED}.items()))


def _first_line(file: Path) -> str:
    told = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return told.partition("\n")[0].replace("``", "")


class Commands(click.Group):
    """A group that knows its commands by name and loads them one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(places())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = places().get(cmd_name)
        if place is None:
            return None
        if cmd_name == "serve":
            importlib.import_module("feedback_app.cli._shared_metrics")
        found: list[click.Command] = importlib.import_module(f"feedback_app.cli.{place.module}").COMMANDS
        return next(command for command in found if command.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in places().items()])


@click.group(cls=Commands, epilog="Example: service-star --config /etc/service-star.toml check")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=None,
    help="config.toml to use (default: $SERVICE_STAR_CONFIG, then ./config.toml)",
)
@click.version_option(package_name="service-star", prog_name="service-star")
@click.pass_context
def program(context: click.Context, path: Path | None) -> None:
    """服务之星: ratings by scan and by message, complaints, fair leaderboards."""
    context.obj = importlib.import_module("feedback_app.cli._common").Session(path)


def main() -> None:
    """Exit status: 0 done, 1 the work found something wrong and said what, 2 called wrongly."""
    try:
        program.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except BrokenPipeError:  # whoever read the output has seen enough
        sys.exit(1)
    except (FeedbackError, OSError) as error:
        sys.exit(explained(error))


if __name__ == "__main__":
    main()
