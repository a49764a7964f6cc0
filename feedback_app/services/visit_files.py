"""Files of visits that another system puts into a folder: taken in a thousand lines at a time, answered line by line."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from feedback_app import texts
from feedback_app.clock import system_clock
from feedback_app.errors import Refused
from feedback_app.services import spreadsheets, visit_feed
from feedback_app.services.checked import Problem
from feedback_app.services.runtime import Runtime
from feedback_app.services.visit_feed import MOST_IN_BATCH
from feedback_app.services.visit_rows import from_cells, headings

QUIET_SECONDS = 10
"""A file that was written to this short a time ago may not be whole yet (by this machine's clock)."""
DONE = "done"
_NEEDED = {"reference", "point_key", "ended_at"}


@dataclass
class Taken:
    received: int = 0
    stored: int = 0
    known: int = 0
    changed: int = 0
    problems: list[Problem] = field(default_factory=list)


def waiting(folder: Path) -> list[Path]:
    """Whole files in the folder, oldest first; names that begin with a dot or end in .part or .tmp are being written."""
    if not folder.is_dir():
        return []
    before = system_clock().timestamp() - QUIET_SECONDS
    found = [
        one for one in folder.iterdir() if one.is_file() and one.suffix.lower() in {".csv", ".tsv", ".txt", ".xlsx"}
    ]
    return sorted(
        (one for one in found if not one.name.startswith(".") and one.stat().st_mtime <= before),
        key=lambda one: (one.stat().st_mtime, one.name),
    )


def take_folder(runtime: Runtime, folder: Path) -> list[tuple[str, Taken]]:
    """Everything that waits there; each file moves to ``done`` with a report beside it. No transaction may be open."""
    done = []
    for file in waiting(folder):
        kept = folder / DONE
        kept.mkdir(exist_ok=True)
        mine = kept / f"{runtime.now():%Y%m%d%H%M%S}-{file.name}"
        try:
            file.rename(mine)  # whoever renames it has it: two workers never take the same file
        except FileNotFoundError:
            continue
        try:
            taken = take_file(runtime, mine.read_bytes())
        except Refused as error:
            taken = Taken(problems=[Problem(error.code, "", 0, error.params)])
        _report(mine.with_name(f"{mine.name}.report.csv"), taken)
        done.append((file.name, taken))
    return done


def take_file(runtime: Runtime, data: bytes) -> Taken:
    """A list of visits, whatever program and encoding it comes from. Raises Refused ``visits.no_heading``, ``spreadsheets.…``."""
    rows = [row for sheet in spreadsheets.read(data).sheets[:1] for row in sheet.rows]
    columns = headings(rows[0].cells) if rows else {}
    if not set(columns.values()) >= _NEEDED:
        raise Refused("visits.no_heading")
    taken = Taken()
    raws = [(row.line, from_cells(columns, row.cells)) for row in rows[1:]]
    for start in range(0, len(raws), MOST_IN_BATCH):
        _take(runtime, raws[start : start + MOST_IN_BATCH], taken)
    return taken


def _take(runtime: Runtime, raws: list[tuple[int, dict[str, Any]]], taken: Taken) -> None:
    with runtime.reading() as session:
        around = visit_feed.surroundings(session)
    ready = visit_feed.prepare(
        around, runtime.vault, (raw for _, raw in raws), told_by="csv", zone=runtime.zone, now=runtime.now()
    )
    with runtime.transaction() as session:
        stored = visit_feed.store(session, ready.rows, contact_days=runtime.settings.visits.contact_days)
    lines = [line for line, _ in raws]
    taken.received += len(raws)
    taken.stored += stored.stored
    taken.known += stored.known
    taken.changed += stored.changed
    taken.problems += [Problem(one.code, one.place, lines[one.line - 1], one.params) for one in ready.problems]


def _report(file: Path, taken: Taken) -> None:
    """``line,field,code,detail``; the first line sums up. No visit number is written here again."""
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["line", "field", "code", "detail"])
        summed = f"received {taken.received}, stored {taken.stored}, known {taken.known}, changed {taken.changed}"
        writer.writerow([0, "", "summary", f"{summed}, rejected {len(taken.problems)}"])
        writer.writerows(_lines(taken))


def _lines(taken: Taken) -> Iterator[list[object]]:
    for one in taken.problems:
        yield [one.line, one.place, one.code, texts.error(one.code, texts.DEFAULT_LANGUAGE, one.params)]
