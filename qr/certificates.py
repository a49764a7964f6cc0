"""Certificates as PDF, one a page: A4 across, Chinese font embedded, number, check code and a picture that leads to its check page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.fonts import TTFFont

from qr.images import matrix, rectangles
from qr.wrapping import unbroken

_FONT = "Noto"
_MM = 72 / 25.4
PAGE = (297.0, 210.0)
GREEN = (11, 107, 63)
GOLD = (160, 124, 56)
DARK = (26, 26, 26)
QUIET = (92, 92, 92)
CODE_WIDTH = 30.0  # of the symbol, without its quiet zone
_LETTER_MARGIN = 25.0


@dataclass(frozen=True)
class Printed:
    """What one certificate says, all in the language of the paper."""

    url: str
    title: str  # 荣誉证书
    holder: str
    department: str
    lines: tuple[str, ...]  # the sentence, broken by the printer
    hospital: str
    day: str
    number: str
    code: str
    hint: str
    marks: tuple[str, ...] = ()  # 未核验, 演示数据


@dataclass(frozen=True)
class Letter:
    """A letter of one page: paragraphs from top to bottom, the signature at the right."""

    heading: str
    paragraphs: tuple[str, ...]
    hospital: str
    day: str


class Paper(FPDF):
    def __init__(self, page: tuple[float, float], font: str) -> None:
        super().__init__(unit="mm", format=page)
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        self.add_font(_FONT, fname=font)
        self.set_font(_FONT, size=12)
        self._type = cast(TTFFont, self.current_font)

    def release(self) -> None:
        self._type.close()

    def width_of(self, text: str, size: float) -> float:
        self.set_font_size(size * _MM)
        return float(self.get_string_width(text))

    def write_at(self, text: str, x: float, y: float, size: float, colour: tuple[int, int, int] = DARK) -> None:
        self.set_text_color(*colour)
        self.set_font_size(size * _MM)
        self.text(x, y, text)

    def centred(self, text: str, y: float, size: float, colour: tuple[int, int, int] = DARK) -> None:
        """Smaller where it would not fit."""
        room = self.w - 60
        size = min(size, size * room / max(self.width_of(text, size), 1))
        self.write_at(text, (self.w - self.width_of(text, size)) / 2, y, size, colour)

    def symbol(self, url: str, left: float, top: float, width: float) -> None:
        """All dark modules as one path, so that no renderer leaves seams; black on the page's white."""
        drawn = matrix(url)
        module = width / len(drawn) * _MM
        path = " ".join(f"{x} {y} {w} {h} re" for x, y, w, h in rectangles(drawn))
        place = f"{module:.5f} 0 0 {-module:.5f} {left * _MM:.3f} {(self.h - top) * _MM:.3f} cm"
        self._out(f"q 0 g {place} {path} f Q")

    def wrapped(self, text: str, size: float, width: float) -> list[str]:
        lines, line = [], ""
        for part in unbroken(text):
            if line and self.width_of(line + part, size) > width and part not in "，。；：！？”）、":
                lines.append(line.rstrip())
                line = part.lstrip()
            else:
                line += part
        return [*lines, line] if line else lines


@contextmanager
def open_paper(page: tuple[float, float], font: str) -> Iterator[Paper]:
    paper = Paper(page, font)
    try:
        yield paper
    finally:
        paper.release()


def pdf(printed: Sequence[Printed], *, title: str, created: datetime) -> bytes:
    """One page each. The same arguments give the same bytes. Raises ValueError without certificates."""
    if not printed:
        raise ValueError("nothing to print")
    with open_paper(PAGE, str(pylopdf_fonts_zh_cn.serif_path())) as paper:
        begin(paper, title, created)
        for one in printed:
            paper.add_page()
            _frame(paper)
            _certificate(paper, one)
        return bytes(paper.output())


def letters_pdf(letters: Sequence[Letter], *, title: str, created: datetime) -> bytes:
    """One page each, A4 upright. Raises ValueError without letters."""
    if not letters:
        raise ValueError("nothing to print")
    with open_paper((210.0, 297.0), str(pylopdf_fonts_zh_cn.sans_path())) as paper:
        begin(paper, title, created)
        for one in letters:
            paper.add_page()
            _letter(paper, one)
        return bytes(paper.output())


def begin(paper: Paper, title: str, created: datetime) -> None:
    paper.set_title(title)
    paper.set_lang("zh-CN")
    paper.set_creation_date(created)


def _frame(paper: Paper) -> None:
    """Two quiet lines and a short one at each corner."""
    paper.set_draw_color(*GREEN)
    paper.set_line_width(0.9)
    paper.rect(12, 12, PAGE[0] - 24, PAGE[1] - 24)
    paper.set_draw_color(*GOLD)
    paper.set_line_width(0.25)
    paper.rect(15.5, 15.5, PAGE[0] - 31, PAGE[1] - 31)
    for x, dx in ((20.0, 1), (PAGE[0] - 20.0, -1)):
        for y, dy in ((20.0, 1), (PAGE[1] - 20.0, -1)):
            paper.line(x, y, x + 9 * dx, y)
            paper.line(x, y, x, y + 9 * dy)


def _certificate(paper: Paper, one: Printed) -> None:
    paper.centred(one.hospital, 38, 5.2, QUIET)
    paper.centred("　".join(one.title) if len(one.title) <= 6 else one.title, 59, 15, GREEN)
    paper.centred(one.holder, 86, 11.5)
    paper.set_draw_color(*GOLD)
    paper.set_line_width(0.3)
    half = max(32.0, paper.width_of(one.holder, 11.5) / 2 + 8)
    paper.line(PAGE[0] / 2 - half, 90.5, PAGE[0] / 2 + half, 90.5)
    paper.centred(one.department, 98, 5, QUIET)
    y = 113.0
    for sentence in one.lines:
        for line in paper.wrapped(sentence, 6.4, PAGE[0] - 84):
            paper.centred(line, y, 6.4)
            y += 11
    left, top = 30.0, 143.0
    paper.symbol(one.url, left, top, CODE_WIDTH)
    beside = left + CODE_WIDTH + 7
    for offset, (text, size, colour) in enumerate(
        ((one.number, 4.2, DARK), (one.code, 4.2, DARK), (one.hint, 3.3, QUIET))
    ):
        paper.write_at(text, beside, top + 8 + 8 * offset, size, colour)
    for offset, mark in enumerate(one.marks):
        paper.write_at(mark, beside, top + 30 + 5.5 * offset, 3.6, (122, 75, 0))
    right = PAGE[0] - 34
    for text, y in ((one.hospital, 160.0), (one.day, 170.0)):
        paper.write_at(text, right - paper.width_of(text, 5.6), y, 5.6)


def _letter(paper: Paper, one: Letter) -> None:
    width = paper.w - 2 * _LETTER_MARGIN
    paper.write_at(one.heading, _LETTER_MARGIN, 38, 7, GREEN)
    y = 56.0
    for paragraph in one.paragraphs:
        for line in paper.wrapped(paragraph, 4.6, width):
            paper.write_at(line, _LETTER_MARGIN, y, 4.6)
            y += 8
        y += 3
    for text in (one.hospital, one.day):
        y += 9
        paper.write_at(text, paper.w - _LETTER_MARGIN - paper.width_of(text, 4.6), y, 4.6)
