"""From an uploaded file to the rows of a directory list: which sheet, which heading, which kind."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from feedback_app.domain.directory_columns import (
    KINDS,
    Heading,
    Kind,
    find_heading,
    missing,
    recognise_kind,
)
from feedback_app.domain.directory_rows import Reading, read_rows
from feedback_app.errors import Refused
from feedback_app.services.spreadsheets import Row, Sheet, Workbook, read

__all__ = ["Table", "find_table", "open_table", "read_table", "with_columns", "with_kind"]


@dataclass(frozen=True)
class Table:
    """One sheet understood as a list. ``kind`` is empty when no kind fits; then ``heading`` is a guess."""

    form: str
    sheet: str
    kind: str
    rows: tuple[Row, ...]
    heading: Heading

    @property
    def headings(self) -> tuple[str, ...]:
        return self.rows[self.heading.index].cells

    @property
    def body(self) -> tuple[Row, ...]:
        return self.rows[self.heading.index + 1 :]

    @property
    def width(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)


def open_table(data: bytes, kind: str) -> Table:
    """The list of this kind in a file.

    Raises Refused: ``spreadsheets.…`` (see there), ``directory.no_heading`` (``needs``: the columns still missing),
    ``directory.no_rows`` when there is a heading and nothing below it.
    """
    table = find_table(read(data), kind)
    if table.heading.missing:
        raise Refused(
            "directory.no_heading", needs="、".join(_first_word(KINDS[kind], name) for name in table.heading.missing)
        )
    if not table.body:
        raise Refused("directory.no_rows")
    return table


def _first_word(kind: Kind, name: str) -> str:
    return kind.own_words.get(name, name).split()[0]


def find_table(book: Workbook, kind: str = "") -> Table:
    """The first sheet with a usable heading; if there is none, the first sheet with the best guess."""
    tables = [_understand(book.form, sheet, kind) for sheet in book.sheets if sheet.rows]
    return next((table for table in tables if table.kind and not table.heading.missing), tables[0])


def _understand(form: str, sheet: Sheet, wished: str) -> Table:
    cells = [row.cells for row in sheet.rows]
    kind = wished or recognise_kind(cells) or ""
    found = find_heading(KINDS[kind], cells) if kind else None
    return Table(form, sheet.name, kind, sheet.rows, found or _guess(kind, cells))


def _guess(kind: str, rows: list[tuple[str, ...]]) -> Heading:
    """Nothing known: the first row with at least two cells may be the heading; a person will say what is what."""
    index = next((index for index, cells in enumerate(rows[:20]) if sum(map(bool, cells)) > 1), 0)
    return Heading(index, {}, KINDS[kind].needs if kind else ())


def with_kind(table: Table, kind: str) -> Table:
    """The same sheet, now said to be of this kind. Raises Refused ``directory.kind_unknown``."""
    if kind not in KINDS:
        raise Refused("directory.kind_unknown", value=kind)
    return _understand(table.form, Sheet(table.sheet, table.rows), kind)


def with_columns(table: Table, columns: Mapping[int, str]) -> Table:
    """The same list with its columns as a person named them; of two for the same field the first counts."""
    kind = KINDS[table.kind]
    chosen: dict[int, str] = {}
    for place, name in sorted(columns.items()):
        if name in kind.fields and name not in chosen.values() and 0 <= place < table.width:
            chosen[place] = name
    return replace(table, heading=Heading(table.heading.index, chosen, missing(kind, chosen)))


def read_table(table: Table, zone: ZoneInfo) -> Reading:
    """All rows below the heading, read by the rules of their kind."""
    rows = ((row.line, row.cells) for row in table.body)
    return read_rows(KINDS[table.kind], table.heading.columns, table.headings, rows, zone)
