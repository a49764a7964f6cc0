"""Official forms on A4: a heading, facts, a ruled table over as many pages as it takes, notes, room for opinion and seal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pylopdf_fonts_zh_cn

from qr.certificates import DARK, Paper, begin, open_paper

PAGE = (210.0, 297.0)
_LEFT, _WIDTH, _BOTTOM = 14.0, 182.0, 270.0
_TEXT, _LINE = 3.7, 5.4
_PAD = 1.4


@dataclass(frozen=True)
class Form:
    """``widths`` in mm, 182 in all, one a column. ``signed``: titles of the boxes at the end."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    signed: tuple[str, ...]
    hospital: str
    day: str


def pdf(forms: Sequence[Form], *, title: str, created: datetime) -> bytes:
    """Each form begins on a page of its own. The same arguments give the same bytes. Raises ValueError without forms."""
    if not forms:
        raise ValueError("nothing to print")
    with open_paper(PAGE, str(pylopdf_fonts_zh_cn.serif_path())) as paper:
        begin(paper, title, created)
        for form in forms:
            paper.add_page()
            y = _head(paper, form)
            y = _table(paper, form, y)
            y = _notes(paper, form, y)
            _signed(paper, form, y)
        return bytes(paper.output())


def _head(paper: Paper, form: Form) -> float:
    paper.centred(form.heading, 26, 7.5)
    y = 38.0
    for name, value in form.facts:
        lines = paper.wrapped(f"{name}  {value}", _TEXT, _WIDTH)
        for line in lines:
            paper.write_at(line, _LEFT, y, _TEXT)
            y += _LINE
    return y + 3


def _table(paper: Paper, form: Form, y: float) -> float:
    y = _row(paper, form, form.columns, y)
    for row in form.rows:
        broken = _broken(paper, form, row)
        if y + _height(broken) > _BOTTOM:
            paper.add_page()
            y = _row(paper, form, form.columns, 20.0)
        y = _row(paper, form, row, y)
    return y + 6


def _broken(paper: Paper, form: Form, cells: Sequence[str]) -> list[list[str]]:
    return [
        paper.wrapped(cell, _TEXT, width - 2 * _PAD) or [""] for cell, width in zip(cells, form.widths, strict=True)
    ]


def _height(broken: Sequence[Sequence[str]]) -> float:
    return max(len(lines) for lines in broken) * _LINE + 2 * _PAD


def _row(paper: Paper, form: Form, cells: Sequence[str], y: float) -> float:
    broken = _broken(paper, form, cells)
    height, x = _height(broken), _LEFT
    paper.set_draw_color(*DARK)
    for lines, width in zip(broken, form.widths, strict=True):
        paper.rect(x, y, width, height)
        for place, line in enumerate(lines):
            paper.write_at(line, x + _PAD, y + _PAD + place * _LINE + _TEXT, _TEXT)
        x += width
    return y + height


def _notes(paper: Paper, form: Form, y: float) -> float:
    for line in _lines(paper, form.notes):
        if y > _BOTTOM:
            paper.add_page()
            y = 24.0
        paper.write_at(line, _LEFT, y, _TEXT)
        y += _LINE
    return y + 4


def _lines(paper: Paper, notes: Sequence[str]) -> Iterator[str]:
    for note in notes:
        yield from paper.wrapped(note, _TEXT, _WIDTH)


def _signed(paper: Paper, form: Form, y: float) -> None:
    if y + 46 > 285:
        paper.add_page()
        y = 20.0
    width = _WIDTH / len(form.signed)
    for place, title in enumerate(form.signed):
        left = _LEFT + place * width
        paper.rect(left, y, width, 44)
        paper.write_at(title, left + 2, y + 6, _TEXT)
    below = f"{form.hospital}  {form.day}"
    paper.write_at(below, _LEFT + _WIDTH - paper.width_of(below, _TEXT) - 2, y + 40, _TEXT)
