"""Empty lists to download: a workbook with the headings we know best and one example row."""

import io
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

PRESETS = Path(__file__).parent.parent / "presets" / "list_templates.toml"
_WIDTH = 16  # characters; whole columns are formatted as text, so that 00123 stays 00123


@cache
def _templates() -> dict[str, dict[str, Any]]:
    return tomllib.loads(PRESETS.read_text("utf-8"))


def kinds() -> tuple[str, ...]:
    return tuple(_templates())


def file_name(kind: str) -> str:
    return f"{_templates()[kind]['file']}.xlsx"


def workbook(kind: str) -> bytes:
    """An XLSX of this kind of list. Raises KeyError for an unknown kind."""
    template = _templates()[kind]
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet(template["file"])
    text = book.add_format({"num_format": "@"})
    bold = book.add_format({"bold": True, "bottom": 1, "num_format": "@"})
    soft = book.add_format({"font_color": "#5C5C5C", "italic": True, "num_format": "@"})
    sheet.set_column(0, len(template["headings"]) - 1, _WIDTH, text)
    sheet.write_row(0, 0, template["headings"], bold)
    sheet.write_row(1, 0, template["example"], soft)
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()
