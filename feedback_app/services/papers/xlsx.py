"""A report as XLSX: one sheet to read, and a sheet of its own for each table and for the figures of each chart."""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from feedback_app.domain.papers import Block, Cell, Figures, Heading, Paper, Picture, Points, Table, Text
from feedback_app.services.papers import pictures

_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_BAD_NAME = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 31
_LONGEST_CELL = 32_000


def made(paper: Paper, created: datetime) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": paper.title[:200], "created": created.replace(tzinfo=None), "author": ""})
    looks = {
        "title": book.add_format({"font_size": 16, "font_color": "#0b6b3f"}),
        "head": book.add_format({"bold": True, "bg_color": "#f4f6f5", "text_wrap": True, "valign": "top"}),
        "heading": book.add_format({"font_size": 12, "font_color": "#0b6b3f"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "quiet": book.add_format({"text_wrap": True, "font_color": "#5c5c5c", "valign": "top"}),
    }
    names: set[str] = set()
    first = book.add_worksheet(_name(paper.subtitle or paper.title, names))
    _cover(first, paper, looks)
    for block in paper.blocks:
        if isinstance(block, Table):
            _table(book.add_worksheet(_name(block.name, names)), block.head, block.rows, looks)
        elif isinstance(block, Picture):
            sheet = book.add_worksheet(_name(block.name, names))
            _table(sheet, block.chart.table.head, block.chart.table.rows, looks)
            if not block.chart.is_empty:
                told = {"image_data": io.BytesIO(pictures.png(block.chart.wide)), "x_scale": 0.5, "y_scale": 0.5}
                sheet.insert_image(
                    1, len(block.chart.table.head) + 1, "chart.png", {**told, "description": block.chart.wide.told}
                )
    book.close()
    return out.getvalue()


def _cover(sheet: Any, paper: Paper, looks: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, safe(paper.title), looks["title"])
    row = 1
    for words, look in _said(paper):
        sheet.write_string(row, 0, safe(words), looks[look])
        row += 1


def _said(paper: Paper) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = [(words, "quiet") for words in (paper.subtitle, *paper.marks) if words]
    for block in paper.blocks:
        told += _lines(block)
    return [*told, *((words, "text") for words in paper.signed), (paper.foot, "quiet")]


def _lines(block: Block) -> list[tuple[str, str]]:
    if isinstance(block, Heading):
        return [(block.text, "heading")]
    if isinstance(block, Text):
        return [(block.text, "quiet" if block.quiet else "text")]
    if isinstance(block, Points):
        return [(item, "text") for item in block.items]
    if isinstance(block, Figures):
        return [(f"{said}：{figure}", "text") for figure, said in block.items]
    return []


def _table(sheet: Any, head: Sequence[str], rows: Sequence[tuple[Cell, ...]], looks: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(head) - 1, 0), 18)
    for column, words in enumerate(head):
        sheet.write_string(0, column, safe(words), looks["head"])
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, safe(cell), looks["text"])
            else:
                sheet.write_number(number, column, cell)


def safe(words: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return (f"'{words}" if words[:1] in _FORMULA and words else words)[:_LONGEST_CELL]


def _name(words: str, known: set[str]) -> str:
    """A sheet's name: allowed, short, and the only one of its kind."""
    kept = "".join(sign for sign in words if " " <= sign < "\ufff0")  # a rare sign counts as two there
    plain = _BAD_NAME.sub(" ", kept).strip()[:_LONGEST_NAME] or "1"
    name, number = plain, 2
    while name.lower() in known:
        name = f"{plain[: _LONGEST_NAME - 4]} {number}"
        number += 1
    known.add(name.lower())
    return name
