"""Slips to fill in by hand: a PDF on A5, black on white, with boxes to tick and lines to write on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import cast

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.fonts import TTFFont

from qr.slip_words import Asked, Slip
from qr.wrapping import unbroken

_FONT = "NotoSansSC"
_MM = 72 / 25.4  # points in a millimetre
MARGIN = 12.0
FOOT = 14.0
BOX = 3.6
GAP = 5.0


class _Paper(FPDF):
    """A5 in millimetres with one font; ``y`` walks down, and a block that does not fit begins a new page."""

    def __init__(self) -> None:
        super().__init__(unit="mm", format=(148, 210))
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        self.add_font(_FONT, fname=pylopdf_fonts_zh_cn.sans_path())
        self.set_font(_FONT, size=11)
        self._type = cast(TTFFont, self.current_font)
        self.foot = ""

    def release(self) -> None:
        self._type.close()

    @property
    def wide(self) -> float:
        return float(self.w) - 2 * MARGIN

    def begin(self) -> None:
        self.add_page()
        self.line_of(self.foot, 3.4, self.h - 7)
        self.set_y(MARGIN)

    def line_of(self, text: str, size: float, y: float, x: float = MARGIN) -> None:
        self.set_font_size(size * _MM)
        self.text(x, y, text)

    def width(self, text: str, size: float) -> float:
        self.set_font_size(size * _MM)
        return float(self.get_string_width(text))

    def wrapped(self, text: str, size: float, width: float) -> list[str]:
        """Broken between words where there are blanks, else between characters."""
        lines, line = [], ""
        for part in unbroken(text):
            if line and self.width(line + part, size) > width:
                lines.append(line.rstrip())
                line = part.lstrip()
            else:
                line += part
        return [*lines, line] if line else lines

    def room(self, height: float) -> None:
        if self.get_y() + height > self.h - FOOT:
            self.begin()

    def paragraph(self, text: str, size: float, after: float = 1.0) -> None:
        for line in self.wrapped(text, size, self.wide):
            self.room(size * 1.4)
            self.line_of(line, size, self.get_y() + size)
            self.set_y(self.get_y() + size * 1.4)
        self.set_y(self.get_y() + after)


def pdf(slips: Sequence[Slip], *, title: str, created: datetime) -> bytes:
    """The document. The same arguments give the same bytes. Raises ValueError without slips."""
    if not slips:
        raise ValueError("nothing to print")
    with _paper() as paper:
        paper.set_title(title)
        paper.set_lang("zh-CN")
        paper.set_creation_date(created)
        for slip in slips:
            _draw(paper, slip)
        return bytes(paper.output())


@contextmanager
def _paper() -> Iterator[_Paper]:
    paper = _Paper()
    try:
        yield paper
    finally:
        paper.release()


def _draw(paper: _Paper, slip: Slip) -> None:
    paper.foot = f"{slip.number}   {slip.hospital}"
    paper.begin()
    paper.line_of(slip.number, 5, MARGIN + 5, paper.w - MARGIN - paper.width(slip.number, 5))
    paper.paragraph(slip.hospital, 3.4)
    paper.paragraph(slip.name, 6)
    if slip.place:
        paper.paragraph(slip.place, 3.6)
    paper.paragraph(slip.promise, 3.4, after=3)
    for number, asked in _numbered(slip.questions):
        _question(paper, number, asked)


def _numbered(questions: Sequence[Asked]) -> Iterator[tuple[int, Asked]]:
    number = 0
    for asked in questions:
        number += not asked.heading
        yield number, asked


def _question(paper: _Paper, number: int, asked: Asked) -> None:
    if asked.heading:
        paper.room(20)
        paper.set_y(paper.get_y() + 2)
        paper.paragraph(asked.text, 5, after=2)
        return
    paper.room(14)
    if asked.note:
        paper.paragraph(asked.note, 3, after=0)
    paper.paragraph(f"{number}. {asked.text}", 4.2)
    for row in asked.rows:
        paper.paragraph(row, 3.8, after=0)
        _boxes(paper, asked.boxes)
    if not asked.rows and asked.boxes:
        _boxes(paper, asked.boxes)
    for _ in range(asked.lines):
        _ruled(paper, asked.unit)
    paper.set_y(paper.get_y() + 3)


def _boxes(paper: _Paper, boxes: Sequence[str]) -> None:
    size, height, x = 4.0, 7.0, MARGIN
    paper.room(height)
    for text in boxes:
        needed = BOX + 1.5 + paper.width(text, size) + GAP
        if x > MARGIN and x + needed > paper.w - MARGIN:
            x = MARGIN
            paper.set_y(paper.get_y() + height)
            paper.room(height)
        paper.set_line_width(0.3)
        paper.rect(x, paper.get_y() + 0.6, BOX, BOX)
        paper.line_of(text, size, paper.get_y() + size, x + BOX + 1.5)
        x += needed
    paper.set_y(paper.get_y() + height)


def _ruled(paper: _Paper, unit: str) -> None:
    paper.room(9)
    end = MARGIN + 40 if unit else paper.w - MARGIN
    paper.set_line_width(0.2)
    paper.line(MARGIN, paper.get_y() + 7, end, paper.get_y() + 7)
    if unit:
        paper.line_of(unit, 4, paper.get_y() + 6.5, end + 2)
    paper.set_y(paper.get_y() + 9)
