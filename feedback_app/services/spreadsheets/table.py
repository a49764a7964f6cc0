"""What reading a spreadsheet yields, and how much of it we are willing to take."""

from dataclasses import dataclass

LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_TEXT = 20 * 1024 * 1024  # characters of all cells together: a workbook may name one long text a million times
MOST_ROWS = 50_000  # the largest hospitals have some 20,000 staff
MOST_COLUMNS = 100


@dataclass(frozen=True)
class Row:
    """One row that is not empty; ``line`` is what a person sees at its left: from 1, where the row begins in the file."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    name: str  # empty for text files
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Workbook:
    """``form`` says how the file was understood: ``xlsx``, or for example ``gb18030 ;`` (encoding and separator)."""

    form: str
    sheets: tuple[Sheet, ...]
