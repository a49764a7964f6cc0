"""A report as DOCX, to be edited: real headings and tables, charts as pictures with their words beside."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from feedback_app.domain.papers import Block, Figures, Heading, NewPage, Paper, Picture, Points, Table, Text
from feedback_app.services.papers import pictures

FONT = "Microsoft YaHei"
_GREEN, _QUIET = RGBColor(11, 107, 63), RGBColor(92, 92, 92)
_WIDE = 170  # millimetres
_CONTROLS = {code: None for code in range(32) if code not in (9, 10)}  # what XML cannot hold


def made(paper: Paper, created: datetime) -> bytes:
    document = Document()
    _prepare(document, paper, created)
    heading = document.add_heading(_clean(paper.title), 0)
    _paint(heading, _GREEN)
    for words in (paper.subtitle, *paper.marks):
        if words:
            _paint(document.add_paragraph(_clean(words)), _QUIET)
    for block in paper.blocks:
        _add(document, block)
    for words in paper.signed:
        document.add_paragraph(_clean(words)).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _prepare(document: Any, paper: Paper, created: datetime) -> None:
    for name in ("Normal", "Title", "Heading 1", "Heading 2", "List Bullet"):
        style = document.styles[name]
        style.font.name = FONT
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    document.styles["Normal"].font.size = Pt(10.5)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    foot = section.footer.paragraphs[0]
    foot.text = _clean(paper.foot)
    _paint(foot, _QUIET, 8)
    about = document.core_properties
    about.title, about.author, about.language = _clean(paper.title)[:200], "", "zh-CN"
    about.created = about.modified = created.astimezone(UTC).replace(tzinfo=None)


def _add(document: Any, block: Block) -> None:
    if isinstance(block, NewPage):
        document.add_page_break()
    elif isinstance(block, Heading):
        _paint(document.add_heading(_clean(block.text), block.level), _GREEN)
    elif isinstance(block, Text):
        paragraph = document.add_paragraph(_clean(block.text))
        if block.quiet:
            _paint(paragraph, _QUIET, 9)
    elif isinstance(block, Points):
        for item in block.items:
            document.add_paragraph(_clean(item), style="List Bullet")
    elif isinstance(block, Figures):
        _figures(document, block)
    elif isinstance(block, Table):
        _table(document, block)
    elif not block.chart.is_empty:
        _picture(document, block)


def _figures(document: Any, block: Figures) -> None:
    table = document.add_table(rows=2, cols=max(len(block.items), 1))
    for place, (figure, said) in enumerate(block.items):
        table.cell(0, place).text = _clean(figure)
        table.cell(1, place).text = _clean(said)
        for run in table.cell(0, place).paragraphs[0].runs:
            run.font.size = Pt(18)
        _paint(table.cell(1, place).paragraphs[0], _QUIET, 9)
    document.add_paragraph()


def _table(document: Any, block: Table) -> None:
    table = document.add_table(rows=1, cols=len(block.head))
    table.style = "Table Grid"
    _fill(table.rows[0], block.head, block)
    marker = table.rows[0]._tr.get_or_add_trPr()
    marker.append(marker.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"}))  # the head on every page
    for row in block.rows:
        _fill(table.add_row(), [str(cell) for cell in row], block)
    shares = block.widths or tuple(1.0 for _ in block.head)
    for row in table.rows:
        for cell, share in zip(row.cells, shares, strict=True):
            cell.width = Mm(_WIDE * share / sum(shares))
    document.add_paragraph()


def _fill(row: Any, cells: Sequence[str], block: Table) -> None:
    for place, (cell, words) in enumerate(zip(row.cells, cells, strict=True)):
        cell.text = _clean(words)
        paragraph = cell.paragraphs[0]
        for run in paragraph.runs:
            run.font.size = Pt(9)
        if place in block.numbers:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _picture(document: Any, block: Picture) -> None:
    drawing = block.chart.wide
    shape = document.add_picture(io.BytesIO(pictures.png(drawing)), width=Mm(_WIDE))
    shape._inline.docPr.set("title", _clean(drawing.title))
    shape._inline.docPr.set("descr", _clean(drawing.told))


def _paint(paragraph: Any, colour: RGBColor, size: float | None = None) -> None:
    for run in paragraph.runs:
        run.font.color.rgb = colour
        run.font.name = FONT
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
        if size:
            run.font.size = Pt(size)


def _clean(text: str) -> str:
    return text.translate(_CONTROLS).replace("\ufffe", "").replace("\uffff", "")
