"""Printable sheets: a PDF of many codes with an embedded Chinese font, and a small picture of the first page.

The symbols are drawn as merged rectangles straight into the page, so that they stay sharp at any size and a run of
thousands is small and quick. Everything is black on white.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from html import escape
from typing import cast

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.fonts import TTFFont

from qr.images import matrix, rectangles, svg_path
from qr.layouts import LAYOUTS, Layout, Line, Measure, Poster, lines

__all__ = ["LAYOUTS", "Poster", "pdf", "preview", "unprintable"]

Progress = Callable[[int, int], None]  # posters done, posters in all

MISSING = "〓"  # what a typesetter puts where the type is not in the case
_FONT = "NotoSansSC"
_POINTS = 72 / 25.4  # in a millimetre
_CUT_LINE = 0.1


class _Paper(FPDF):
    """A document in millimetres with the one font, measuring and drawing as :mod:`qr.layouts` asks."""

    def __init__(self, page: tuple[float, float]) -> None:
        super().__init__(unit="mm", format=page)
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        self.add_font(_FONT, fname=pylopdf_fonts_zh_cn.sans_path())
        self.set_font(_FONT, size=1)
        self._type = cast(TTFFont, self.current_font)
        self._widths: dict[str, float] = {}

    def release(self) -> None:
        """Close the font file."""
        self._type.close()

    def width_at_size_1(self, text: str) -> float:
        """Width of a text in its own size, from the font's table."""
        if text not in self._widths:
            self.set_font_size(_POINTS)
            self._widths[text] = self.get_string_width(text)
        return self._widths[text]

    def write_line(self, line: Line, left: float, top: float, measure: Measure) -> None:
        half = measure(line.text) * line.size / 2
        self.set_font_size(line.size * _POINTS)
        self.text(left + line.x - half, top + line.y, line.text)

    def draw_symbol(self, url: str, left: float, top: float, width: float) -> None:
        """All dark modules as one path in module units; one fill, so that no renderer leaves seams between them."""
        symbol = matrix(url)
        module = width / len(symbol) * _POINTS
        path = " ".join(f"{x} {y} {w} {h} re" for x, y, w, h in rectangles(symbol))
        place = f"{module:.5f} 0 0 {-module:.5f} {left * _POINTS:.3f} {(self.h - top) * _POINTS:.3f} cm"
        # fpdf2 has no public way to add a prepared path, and its own rectangles are 40 times slower; the version is pinned.
        self._out(f"q 0 g {place} {path} f Q")


def pdf(
    posters: Sequence[Poster],
    layout: str,
    *,
    title: str,
    created: datetime,
    progress: Progress | None = None,
) -> bytes:
    """The document for ``posters`` in one of :data:`LAYOUTS`. The same arguments give the same bytes.

    Characters the font does not have are printed as 〓; :func:`unprintable` tells beforehand which. Raises KeyError for an
    unknown layout and ValueError without posters.
    """
    form = LAYOUTS[layout]
    if not posters:
        raise ValueError("nothing to print")
    with _paper(form.page) as paper:
        paper.set_title(title)
        paper.set_lang("zh-CN")
        paper.set_creation_date(created)
        corners = list(form.corners())
        for number, poster in enumerate(posters):
            place = number % form.per_page
            if place == 0:
                paper.add_page()
                _cut_marks(paper, form)
            _draw(paper, form, poster, corners[place])
            if progress:
                progress(number + 1, len(posters))
        return bytes(paper.output())


def unprintable(posters: Sequence[Poster]) -> dict[str, str]:
    """Names and places with characters the font lacks: text -> those characters."""
    said = dict.fromkeys(text for one in posters for text in (one.hospital, one.name, one.place))
    return {text: lacking for text in said if (lacking := "".join(sorted(set(_plain(text)) - _known())))}


def preview(posters: Sequence[Poster], layout: str) -> str:
    """The first page as a small SVG: the same places and sizes, in whatever font the reader has."""
    form = LAYOUTS[layout]
    width, height = form.page
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" text-anchor="middle" '
        'font-family="Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif">'
        f'<path fill="#fff" d="M0 0h{width:g}v{height:g}H0z"/>'
    ]
    parts += [f'<path stroke="#000" stroke-width=".2" d="M{a:g} {b:g}L{c:g} {d:g}"/>' for a, b, c, d in form.cuts()]
    with _paper() as paper:
        for poster, corner in zip(posters, form.corners(), strict=False):
            parts.append(_drawn_card(paper, form, poster, corner))
    return "".join([*parts, "</svg>\n"])


@contextmanager
def _paper(page: tuple[float, float] = (10, 10)) -> Iterator[_Paper]:
    paper = _Paper(page)
    try:
        yield paper
    finally:
        paper.release()


def _drawn_card(paper: _Paper, form: Layout, poster: Poster, corner: tuple[float, float]) -> str:
    symbol = matrix(poster.url)
    scale = form.code_width / len(symbol)
    left = (form.card[0] - form.code_width) / 2
    texts = "".join(
        f'<text x="{line.x:.2f}" y="{line.y:.2f}" font-size="{line.size:.2f}">{escape(line.text)}</text>'
        for line in lines(form, _printable(poster), paper.width_at_size_1)
    )
    return (
        f'<g transform="translate({corner[0]:g} {corner[1]:g})">{texts}'
        f'<path transform="translate({left:g} {form.code_top:g}) scale({scale:.5f})" d="{svg_path(symbol)}"/></g>'
    )


def _draw(paper: _Paper, form: Layout, poster: Poster, corner: tuple[float, float]) -> None:
    left, top = corner
    for line in lines(form, _printable(poster), paper.width_at_size_1):
        paper.write_line(line, left, top, paper.width_at_size_1)
    paper.draw_symbol(poster.url, left + (form.card[0] - form.code_width) / 2, top + form.code_top, form.code_width)


def _cut_marks(paper: _Paper, form: Layout) -> None:
    paper.set_line_width(_CUT_LINE)
    for x1, y1, x2, y2 in form.cuts():
        paper.line(x1, y1, x2, y2)


def _printable(poster: Poster) -> Poster:
    def known(text: str) -> str:
        return "".join(sign if sign in _known() else MISSING for sign in _plain(text))

    return Poster(
        url=poster.url,
        **{slot: known(getattr(poster, slot)) for slot in Poster.__dataclass_fields__ if slot != "url"},
    )


@cache
def _known() -> frozenset[str]:
    """All characters the font has a picture of."""
    with TTFont(pylopdf_fonts_zh_cn.sans_path(), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def _plain(text: str) -> str:
    """One line without signs that steer instead of show."""
    kept = "".join(" " if sign.isspace() else sign for sign in text)
    return " ".join("".join(sign for sign in kept if unicodedata.category(sign) not in {"Cc", "Cf", "Cs"}).split())
