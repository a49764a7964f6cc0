"""Text files: the encoding and the separator are recognised, because nobody in a hospital knows them."""

import codecs
import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator

from feedback_app.errors import Refused
from feedback_app.services.spreadsheets.table import MOST_COLUMNS, MOST_ROWS, Row, Sheet, Workbook

SEPARATORS = (",", "\t", ";", "，", "；", "|")
_LOOKED_AT = 60  # rows, to find the separator
_SAMPLE = 200_000  # characters, likewise
_ODD_SHARE = 0.02  # of characters no sheet contains, above which the bytes are not text
_DAMAGED_SHARE = 0.2  # of characters beyond ASCII; of GB18030 read as UTF-8 nearly all are damaged
_LONGEST_CELL = 100_000  # characters


def read(data: bytes) -> Workbook:
    """Raises Refused ``spreadsheets.binary``, ``.encoding``, ``.quotes`` (``line``), ``.too_many_rows``."""
    text, encoding = decode(data)
    separator = find_separator(text)
    rows = tuple(_rows(text, separator))
    return Workbook(f"{encoding} {_name(separator)}", (Sheet("", rows),))


def decode(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding. Raises Refused ``spreadsheets.binary`` or ``.encoding``."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return _decode_marked(data[len(mark) :], encoding), encoding
    found = _try(data, "utf-8") or _best_wide(data)
    if found is None and _is_broken_utf8(data):
        raise Refused("spreadsheets.encoding")
    found = found or _try(data, "gb18030")
    if found is None:
        raise Refused("spreadsheets.binary")
    return found


def _decode_marked(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused("spreadsheets.encoding") from error
    if _oddness(text) > _ODD_SHARE:
        raise Refused("spreadsheets.binary")
    return text


def _try(data: bytes, encoding: str) -> tuple[str, str] | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return (text, encoding) if _oddness(text) <= _ODD_SHARE else None


def _is_broken_utf8(data: bytes) -> bool:
    """UTF-8 with a few damaged characters: GB18030 would accept it and every name would be gibberish."""
    wide = [char for char in data.decode("utf-8", "replace") if char > "\x7f"]
    return bool(wide) and wide.count("\ufffd") / len(wide) < _DAMAGED_SHARE


def _best_wide(data: bytes) -> tuple[str, str] | None:
    """UTF-16 without a mark: it has NULs (separators, digits, line ends), and read the other way round it is gibberish."""
    if b"\x00" not in data:
        return None
    candidates = [found for found in (_try(data, "utf-16-le"), _try(data, "utf-16-be")) if found]
    return max(candidates, key=lambda found: _plainness(found[0]), default=None)


def _oddness(text: str) -> float:
    """Share of characters that no sheet contains: controls, unassigned, private, lone surrogates."""
    counts = Counter(text)
    odd = sum(count for char, count in counts.items() if _is_odd(char))
    return odd / max(len(text), 1)


def _is_odd(char: str) -> bool:
    return char not in "\t\r\n\f" and unicodedata.category(char) in {"Cc", "Cn", "Co", "Cs"}


def _plainness(text: str) -> int:
    """How many characters are those that every sheet has."""
    return sum(char in "\r\n\t,;0123456789" or "一" <= char <= "鿿" for char in text)


def find_separator(text: str) -> str:
    """The candidate that cuts most rows into the same number (two or more) of cells; a comma when none does."""
    sample = "\n".join(text[:_SAMPLE].splitlines()[: _LOOKED_AT * 2])
    return max(SEPARATORS, key=lambda one: _fit(sample, one))


def _fit(sample: str, separator: str) -> tuple[float, int]:
    widths = [len(cells) for _, cells in zip(range(_LOOKED_AT), _loose(sample, separator), strict=False) if any(cells)]
    if not widths:
        return 0.0, 0
    width, count = max(Counter(widths).items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]))
    return (count / len(widths), width) if width > 1 else (0.0, 0)


def _loose(sample: str, separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(sample.splitlines(keepends=True), delimiter=separator)
    except csv.Error:
        return


def _rows(text: str, separator: str) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    begins, taken = 1, 0
    try:
        for cells in reader:
            tidy = tuple(cell.strip() for cell in cells[:MOST_COLUMNS])
            if any(tidy):
                taken += 1
                yield Row(begins, tidy)
            if taken > MOST_ROWS:
                raise Refused("spreadsheets.too_many_rows", most=MOST_ROWS)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Refused("spreadsheets.quotes", line=begins) from error


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, cut at line ends only, not at the exotic separators ``str.splitlines`` knows."""
    return (line + "\n" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _name(separator: str) -> str:
    return "tab" if separator == "\t" else separator
