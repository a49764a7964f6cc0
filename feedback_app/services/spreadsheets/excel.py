"""XLSX files, read as a stream: merged cells are filled here, because the library's own way lets a small file eat all memory."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.xml.functions import iterparse  # refuses entities and document types

from feedback_app.errors import Refused
from feedback_app.services.spreadsheets.table import MOST_COLUMNS, MOST_ROWS, Row, Sheet, Workbook

LARGEST_UNPACKED = 120 * 1024 * 1024  # bytes, all parts together
MOST_PARTS = 2000
MOST_MERGED = 5000
_FAR = MOST_ROWS * 3  # a row this far down is a slip of formatting, not data
_ZEROS = re.compile(r"^(0+)(\.0+)?$")
_FORMULA = re.compile(rb"<(\w+:)?f[ >/]")
_MERGE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}mergeCell"

Area = tuple[int, int, int, int]  # first column, first row, last column, last row


def read(data: bytes) -> Workbook:
    """Raises Refused ``spreadsheets.damaged``, ``.not_a_sheet``, ``.too_large`` or ``.too_many_rows``."""
    parts = _checked_parts(data)
    try:
        return Workbook("xlsx", tuple(_sheets(data, parts)))
    except Refused:
        raise
    except Exception as error:  # the library raises whatever it stumbles upon: KeyError, ValueError, ParseError, …
        raise Refused("spreadsheets.damaged") from error


def _checked_parts(data: bytes) -> zipfile.ZipFile:
    try:
        parts = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError) as error:
        raise Refused("spreadsheets.damaged") from error
    listed = parts.infolist()
    if "xl/workbook.xml" not in parts.namelist():
        raise Refused("spreadsheets.not_a_sheet")
    # zipfile never unpacks more of a part than the size stated here, so the sum is a true limit
    if len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > LARGEST_UNPACKED:
        raise Refused("spreadsheets.too_large", most=LARGEST_UNPACKED // 1024 // 1024)
    return parts


def _sheets(data: bytes, parts: zipfile.ZipFile) -> Iterator[Sheet]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    formulas = None
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        path = sheet._worksheet_path  # type: ignore[attr-defined]
        grid = _grid(sheet)
        source = parts.read(path)
        if _FORMULA.search(source):
            formulas = formulas or load_workbook(io.BytesIO(data), read_only=True)
            _show_uncomputed(grid, _grid(formulas[sheet.title]))
        if b"mergeCell" in source:
            _spread(grid, _merged(source))
        rows = (Row(line, _trimmed(cells)) for line, cells in sorted(grid.items()))
        yield Sheet(sheet.title, tuple(row for row in rows if any(row.cells)))


def _grid(sheet: Any) -> dict[int, list[str]]:
    sheet.reset_dimensions()  # what a file says about its size is not to be trusted
    grid: dict[int, list[str]] = {}
    for line, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, max_row=_FAR), start=1):
        texts = [as_text(cell.value, getattr(cell, "number_format", "")) for cell in cells]
        if any(texts):
            grid[line] = texts
        if len(grid) > MOST_ROWS:
            raise Refused("spreadsheets.too_many_rows", most=MOST_ROWS)
    return grid


def _show_uncomputed(grid: dict[int, list[str]], formulas: dict[int, list[str]]) -> None:
    """Where a formula has no stored result, show the formula, so that the row is refused with a reason."""
    for line, texts in formulas.items():
        for column, text in enumerate(texts):
            if not text.startswith("="):
                continue
            row = grid.setdefault(line, [])
            row.extend([""] * (column + 1 - len(row)))
            row[column] = row[column] or text


def _merged(source: bytes) -> list[Area]:
    areas: list[Area] = []
    for _, element in iterparse(io.BytesIO(source)):
        if element.tag == _MERGE and len(areas) < MOST_MERGED:
            left, top, right, bottom = range_boundaries(element.get("ref", ""))
            areas.append((int(left or 1), int(top or 1), int(right or 1), int(bottom or 1)))
        element.clear()
    return areas


def _spread(grid: dict[int, list[str]], areas: list[Area]) -> None:
    """Write the value of a merged area into all its cells, but only in rows that hold something of their own."""
    own = sorted(grid)
    for left, top, right, bottom in areas:
        first = grid.get(top, [])
        value = first[left - 1] if left <= len(first) else ""
        if not value:
            continue
        for line in own if bottom - top > len(own) else range(top, bottom + 1):
            if top <= line <= bottom and line in grid:
                _fill(grid[line], left - 1, min(right, MOST_COLUMNS), value)


def _fill(row: list[str], start: int, stop: int, value: str) -> None:
    row.extend([""] * (stop - len(row)))
    row[start:stop] = [value] * (stop - start)


def _trimmed(cells: list[str]) -> tuple[str, ...]:
    used = max((column for column, text in enumerate(cells, start=1) if text), default=0)
    return tuple(cells[:used])


def as_text(value: object, number_format: str = "") -> str:
    """A cell as a person reads it: 10086.0 -> 10086, a date as 2020-01-05, leading zeros where the format shows them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        return _number(value, number_format)
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d" if value.time() == dt.time() else "%Y-%m-%d %H:%M")
    if isinstance(value, dt.timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    return str(value).strip()


def _number(value: float, number_format: str) -> str:
    zeros = _ZEROS.match(number_format or "")
    if zeros and value >= 0:
        decimals = len(zeros[2] or ".") - 1
        return f"{value:0{len(zeros[0])}.{decimals}f}"
    return f"{value:.15g}" if abs(value) < 1e15 else f"{value:.0f}"
