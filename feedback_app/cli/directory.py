"""``service-star import …``: lists of departments, staff, windows, logistics teams and window duty."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from feedback_app.cli._common import Session, put, say
from feedback_app.errors import Refused
from feedback_app.services import imports
from feedback_app.services.directory_import import Preview
from feedback_app.services.import_files import Table, open_table, read_table
from feedback_app.services.import_words import column_word, explain, problem_words

_SHOWN = 200  # rejected rows, in the talk; --json has all
_EXAMPLES = {
    "departments": "service-star import departments 科室.csv",
    "staff": "service-star import staff 花名册.xlsx --dry-run",
    "windows": "service-star import windows windows.csv",
    "logistics": "service-star import logistics logistics_units.csv",
    "places": "service-star import places 地点.xlsx",
    "duty": "service-star import duty 排班.xlsx",
    "directory": "service-star import directory everything.csv --json",
}


@click.group("import", epilog="Example: service-star import staff 花名册.xlsx --dry-run")
def import_() -> None:
    """Import lists (CSV, TSV or XLSX; encoding, separator and headings are recognised).

    Rows are recognised by their number: importing again updates, and nobody is deleted. If any row is wrong,
    nothing is imported unless --skip-bad is given.
    """


def _add(kind: str) -> None:
    @import_.command(kind, epilog=f"Example: {_EXAMPLES[kind]}")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
    @click.option("--dry-run", is_flag=True, help="only show what would happen")
    @click.option("--json", "as_json", is_flag=True, help="a machine-readable summary on standard output")
    @click.option("--skip-bad", is_flag=True, help="import the good rows although others are rejected")
    @click.option("--create-departments", is_flag=True, help="create departments that rows mention by a new name")
    @click.option("--replace", is_flag=True, help="duty only: remove shifts of these windows and days not in the list")
    @click.pass_obj
    def command(
        session: Session,
        file: Path,
        dry_run: bool,
        as_json: bool,
        skip_bad: bool,
        create_departments: bool,
        replace: bool,
    ) -> None:
        if replace and kind != "duty":
            raise click.UsageError("--replace is for duty only")
        table = _open(file, kind)
        if table.sheet:
            say(f"sheet: {table.sheet}")
        with session.runtime() as runtime:
            reading = read_table(table, runtime.zone)
            with runtime.reading() as look:
                preview = imports.plan(look, kind, reading, create_departments=create_departments)
            blocked = bool(preview.rejected) and not skip_bad
            if not dry_run and not blocked:
                with runtime.transaction() as write, _progress(reading.rows) as step:
                    preview = imports.apply(
                        write,
                        runtime.vault,
                        kind,
                        reading,
                        actor="cli",
                        now=runtime.now(),
                        create_departments=create_departments,
                        skip_bad=skip_bad,
                        replace_missing=replace,
                        progress=step,
                    )
        _report(kind, table, preview, imported=not dry_run and not blocked, as_json=as_json)
        if preview.rejected:
            sys.exit(1)

    command.help = f"Import {kind}."


for _kind in _EXAMPLES:
    _add(_kind)


def _open(file: Path, kind: str) -> Table:
    try:
        return open_table(file.read_bytes(), kind)
    except Refused as error:
        say(f"{file}: {explain(error.code, error.params)}")
        sys.exit(2)
    except OSError as error:
        say(f"{file}: {error.strerror}")
        sys.exit(2)


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere a line every tenth of the way, if it is long."""
    if sys.stderr.isatty():
        with click.progressbar(length=rows, file=sys.stderr, label="importing") as bar:
            yield bar.update
        return
    done, told = 0, 0

    def step(count: int) -> None:
        nonlocal done, told
        done += count
        tenth = done * 10 // max(rows, 1)
        if rows >= 500 and tenth > told:
            told = tenth
            say(f"importing: {tenth * 10} % ({done} of {rows})")

    yield step


def _report(kind: str, table: Table, preview: Preview, *, imported: bool, as_json: bool) -> None:
    for problem in preview.rejected[:_SHOWN]:
        say(f"line {problem.line}: {problem_words(problem, table)}")
    if len(preview.rejected) > _SHOWN:
        say(f"… and {len(preview.rejected) - _SHOWN} more rejected rows (see --json)")
    for problem in preview.warnings[:10]:
        say(f"note, line {problem.line}: {problem_words(problem, table)}")
    if len(preview.warnings) > 10:
        say(f"… and {len(preview.warnings) - 10} more notes (see --json)")
    if any(one.code == "directory.department_unknown" for one in preview.rejected):
        say("同时新建这些科室：同一条命令，加上 --create-departments / create them too: add --create-departments")
    if preview.new_departments:
        say(f"new departments: {'、'.join(preview.new_departments)}")
    if preview.missing:
        shown = "、".join(f"{one.name}({one.key})" for one in preview.missing[:10])
        say(f"in the directory but not in this list ({len(preview.missing)}, kept as they are): {shown}")
    counts = preview.counts()
    summary = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    say(f"{kind}: {summary}")
    say("imported" if imported else "nothing was imported")
    if as_json:
        put(_machine(kind, table, preview, imported))


def _machine(kind: str, table: Table, preview: Preview, imported: bool) -> dict[str, Any]:
    def listed(problems: Any) -> list[dict[str, Any]]:
        return [
            {
                "line": one.line,
                "column": column_word(one.column, table) if one.column else "",
                "code": one.code,
                "reason": problem_words(one, table, language="en"),
            }
            for one in problems
        ]

    return {
        "kind": kind,
        "form": table.form,
        "sheet": table.sheet,
        "imported": imported,
        **preview.counts(),
        "rejected_rows": listed(preview.rejected),
        "notes": listed(preview.warnings),
        "missing_rows": [{"kind": one.kind, "key": one.key, "name": one.name} for one in preview.missing],
        "departments_created": list(preview.new_departments),
    }


COMMANDS = [import_]
