"""A report as PDF: A4 upright, Chinese font embedded, charts as lines and not as dots, heads of tables on every page."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.fonts import TTFFont

from feedback_app.domain.drawing import PAINTS, SIZE, Box, Dot, Drawing, Line, Mark, Path, Words, diamond
from feedback_app.domain.papers import Block, Figures, Heading, NewPage, Paper, Picture, Points, Table, Text
from qr.wrapping import unbroken

_FONT = "Noto"
_POINTS = 72 / 25.4
PAGE = (210.0, 297.0)
LEFT, RIGHT, TOP, BOTTOM = 20.0, 20.0, 20.0, 22.0
ROOM = PAGE[0] - LEFT - RIGHT
GREEN, DARK, QUIET, RULE, SHADE = (11, 107, 63), (26, 26, 26), (92, 92, 92), (207, 207, 207), (244, 246, 245)
BODY, LINE = 3.7, 6.0  # millimetres
_MISSING = "〓"
_NOT_FIRST = "，。；：！？”）、》%"
Colour = tuple[int, int, int]


class _Sheet(FPDF):
    def __init__(self, foot: str) -> None:
        super().__init__(unit="mm", format="A4")
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.c_margin = 0
        self.add_font(_FONT, fname=pylopdf_fonts_zh_cn.sans_path())
        self.set_font(_FONT, size=BODY * _POINTS)
        self._type = cast(TTFFont, self.current_font)
        self._foot = foot
        self.y_now = TOP
        self._widths: dict[str, float] = {}

    def release(self) -> None:
        self._type.close()

    def begin_page(self) -> None:
        self.add_page()
        self.y_now = TOP
        self.say(self._foot, LEFT, PAGE[1] - 11, 2.9, QUIET)
        number = str(self.page_no())
        self.say(number, PAGE[0] - RIGHT - self.wide(number, 2.9), PAGE[1] - 11, 2.9, QUIET)

    def need(self, room: float) -> bool:
        """A new page where this much is not left; whether one was begun."""
        if self.y_now + room <= PAGE[1] - BOTTOM:
            return False
        self.begin_page()
        return True

    def wide(self, text: str, size: float) -> float:
        """Millimetres. Without kerning every sign is as wide as it always is."""
        return size * sum(self._width(sign) for sign in text)

    def _width(self, sign: str) -> float:
        if sign not in self._widths:
            self.set_font_size(_POINTS)
            self._widths[sign] = float(self.get_string_width(self.printable(sign)))
        return self._widths[sign]

    def say(self, text: str, x: float, y: float, size: float, colour: Colour = DARK) -> None:
        self.set_text_color(*colour)
        self.set_font_size(size * _POINTS)
        self.text(x, y, self.printable(text))

    def printable(self, text: str) -> str:
        """〓 stands for what the font does not have."""
        return "".join(sign if ord(sign) in self._type.cmap else _MISSING for sign in text)

    def lines(self, text: str, size: float, room: float) -> list[str]:
        """Broken where it must be; Latin words and figures stay whole where they can."""
        found: list[str] = []
        for paragraph in text.split("\n"):
            line = ""
            for part in unbroken(paragraph):
                if line and self.wide(line + part, size) > room and part not in _NOT_FIRST:
                    found.append(line.rstrip())
                    line = part.lstrip()
                else:
                    line += part
                while self.wide(line, size) > room and len(line) > 1:
                    cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or self.wide(line[:n], size) <= room)
                    found.append(line[:cut])
                    line = line[cut:]
            found.append(line)
        return found


def made(paper: Paper, created: datetime) -> bytes:
    sheet = _Sheet(paper.foot)
    try:
        sheet.set_title(paper.title)
        sheet.set_lang("zh-CN")
        sheet.set_creation_date(created)
        sheet.begin_page()
        _title(sheet, paper)
        for place, block in enumerate(paper.blocks):
            following = paper.blocks[place + 1] if place + 1 < len(paper.blocks) else None
            _draw(sheet, block, following)
        _signed(sheet, paper.signed)
        return bytes(sheet.output())
    finally:
        sheet.release()


def _title(sheet: _Sheet, paper: Paper) -> None:
    for line in sheet.lines(paper.title, 7.2, ROOM):
        sheet.say(line, LEFT, sheet.y_now + 7, 7.2, GREEN)
        sheet.y_now += 11
    for line in sheet.lines(paper.subtitle, 3.9, ROOM) if paper.subtitle else []:
        sheet.say(line, LEFT, sheet.y_now + 3.5, 3.9, QUIET)
        sheet.y_now += 6.5
    for mark in paper.marks:
        sheet.say(mark, LEFT, sheet.y_now + 3.5, 3.5, (122, 75, 0))
        sheet.y_now += 6
    sheet.y_now += 2


def _draw(sheet: _Sheet, block: Block, following: Block | None) -> None:
    if isinstance(block, NewPage):
        sheet.begin_page()
    elif isinstance(block, Heading):
        _heading(sheet, block, following)
    elif isinstance(block, Text):
        _paragraph(sheet, block)
    elif isinstance(block, Points):
        for item in block.items:
            _point(sheet, item)
        sheet.y_now += 2
    elif isinstance(block, Figures):
        _figures(sheet, block)
    elif isinstance(block, Table):
        _table(sheet, block)
    elif not block.chart.is_empty:
        _picture(sheet, block.chart.wide)


def _heading(sheet: _Sheet, block: Heading, following: Block | None) -> None:
    """Never alone at the foot of a page."""
    beside = _height(following.chart.wide) if isinstance(following, Picture) and not following.chart.is_empty else 20.0
    sheet.need(12 + beside)
    size = 5.0 if block.level == 1 else 4.2
    sheet.y_now += 4
    sheet.say(block.text, LEFT, sheet.y_now + size, size, GREEN if block.level == 1 else DARK)
    sheet.y_now += size + 4


def _paragraph(sheet: _Sheet, block: Text) -> None:
    size, colour, step = (3.1, QUIET, 5.0) if block.quiet else (BODY, DARK, LINE)
    for line in sheet.lines(block.text, size, ROOM):
        sheet.need(step)
        sheet.say(line, LEFT, sheet.y_now + size, size, colour)
        sheet.y_now += step
    sheet.y_now += 1.5


def _point(sheet: _Sheet, text: str) -> None:
    for number, line in enumerate(sheet.lines(text, BODY, ROOM - 5)):
        sheet.need(LINE)
        if not number:
            sheet.say("·", LEFT + 1, sheet.y_now + BODY, BODY, GREEN)
        sheet.say(line, LEFT + 5, sheet.y_now + BODY, BODY)
        sheet.y_now += LINE


def _figures(sheet: _Sheet, block: Figures) -> None:
    sheet.need(24)
    room = ROOM / max(len(block.items), 1)
    for place, (figure, said) in enumerate(block.items):
        x = LEFT + place * room
        sheet.set_fill_color(*SHADE)
        sheet.rect(x, sheet.y_now, room - 3, 21, style="F")
        size = min(7.0, 7.0 * (room - 9) / max(sheet.wide(figure, 7.0), 0.1))
        sheet.say(figure, x + 3, sheet.y_now + 10, size)
        small = min(3.1, 3.1 * (room - 9) / max(sheet.wide(said, 3.1), 0.1))
        sheet.say(said, x + 3, sheet.y_now + 17, small, QUIET)
    sheet.y_now += 25


def _table(sheet: _Sheet, block: Table) -> None:
    widths = _widths(block)
    _row(sheet, block, block.head, widths, is_head=True)
    for row in block.rows:
        cells = [str(cell) for cell in row]
        if sheet.need(_row_height(sheet, cells, widths)):
            _row(sheet, block, block.head, widths, is_head=True)
        _row(sheet, block, cells, widths)
    sheet.y_now += 3


def _widths(block: Table) -> list[float]:
    shares = block.widths or tuple(1.0 for _ in block.head)
    return [ROOM * share / sum(shares) for share in shares]


_CELL, _STEP, _PAD = 3.2, 4.8, 1.5


def _row_height(sheet: _Sheet, cells: Sequence[str], widths: Sequence[float]) -> float:
    most = max(len(sheet.lines(cell, _CELL, width - 2 * _PAD)) for cell, width in zip(cells, widths, strict=True))
    return min(most * _STEP + 2 * _PAD, PAGE[1] - TOP - BOTTOM - 12)


def _row(sheet: _Sheet, block: Table, cells: Sequence[str], widths: Sequence[float], *, is_head: bool = False) -> None:
    height = _row_height(sheet, cells, widths)
    if is_head:
        sheet.need(height + 10)
        sheet.set_fill_color(*SHADE)
        sheet.rect(LEFT, sheet.y_now, ROOM, height, style="F")
    x, most = LEFT, int((height - 2 * _PAD) / _STEP + 0.01)
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        lines = sheet.lines(cell, _CELL, width - 2 * _PAD)
        if len(lines) > most:  # a cell longer than a page: what does not fit is in the other forms
            lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
        for number, line in enumerate(lines):
            start = x + width - _PAD - sheet.wide(line, _CELL) if place in block.numbers else x + _PAD
            sheet.say(line, start, sheet.y_now + _PAD + _CELL + number * _STEP, _CELL, QUIET if is_head else DARK)
        x += width
    sheet.y_now += height
    sheet.set_draw_color(*RULE)
    sheet.set_line_width(0.15)
    sheet.line(LEFT, sheet.y_now, LEFT + ROOM, sheet.y_now)


def _height(drawing: Drawing) -> float:
    return drawing.height * ROOM / drawing.width


def _picture(sheet: _Sheet, drawing: Drawing) -> None:
    sheet.need(_height(drawing) + 3)
    scale = ROOM / drawing.width
    top = sheet.y_now

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + x * scale, top + y * scale

    for mark in drawing.marks:
        _mark(sheet, mark, place, scale)
    sheet.set_dash_pattern()
    sheet.y_now += _height(drawing) + 3


def _mark(sheet: _Sheet, mark: Mark, place: Callable[[float, float], tuple[float, float]], scale: float) -> None:
    paint = PAINTS.get(mark.kind, {})
    _pen(sheet, paint, scale)
    style: Any = ("F" if paint.get("fill", "none") != "none" else "") + ("D" if "stroke" in paint else "")
    if isinstance(mark, Line):
        sheet.line(*place(mark.x1, mark.y1), *place(mark.x2, mark.y2))
    elif isinstance(mark, Path):
        points = [place(x, y) for x, y in mark.places]
        if mark.closed:
            sheet.polygon(points, style=style or "D")
        else:
            sheet.polyline(points)
    elif isinstance(mark, Box):
        sheet.rect(*place(mark.x, mark.y), mark.width * scale, mark.height * scale, style=style or "D")
    elif isinstance(mark, Dot):
        if mark.kind == "signal":
            sheet.polygon([place(x, y) for x, y in diamond(mark)], style=style or "D")
        else:
            x, y = place(mark.x, mark.y)
            sheet.circle(x, y, mark.radius * scale, style=style or "F")
    else:
        _words(sheet, mark, place, scale, paint)


def _words(
    sheet: _Sheet,
    mark: Words,
    place: Callable[[float, float], tuple[float, float]],
    scale: float,
    paint: dict[str, str],
) -> None:
    x, y = place(mark.x, mark.y)
    size = SIZE * scale
    wide = sheet.wide(mark.text, size)
    x -= wide if mark.anchor == "end" else wide / 2 if mark.anchor == "middle" else 0
    sheet.say(mark.text, x, y, size, _colour(paint.get("fill", "#1a1a1a")))


def _pen(sheet: _Sheet, paint: dict[str, str], scale: float) -> None:
    sheet.set_draw_color(*_colour(paint.get("stroke", "#8a8a8a")))
    sheet.set_line_width(float(paint.get("stroke-width", "1")) * scale)
    if paint.get("fill", "none") != "none":
        sheet.set_fill_color(*_colour(paint["fill"]))
    dash, gap = (float(part) * scale for part in paint.get("stroke-dasharray", "0 0").split())
    sheet.set_dash_pattern(dash, gap) if dash else sheet.set_dash_pattern()


def _colour(written: str) -> Colour:
    return int(written[1:3], 16), int(written[3:5], 16), int(written[5:7], 16)


def _signed(sheet: _Sheet, lines: Sequence[str]) -> None:
    if not lines:
        return
    sheet.need(10 + 8 * len(lines))
    sheet.y_now += 8
    for line in lines:
        sheet.say(line, PAGE[0] - RIGHT - sheet.wide(line, 4.2), sheet.y_now + 4.2, 4.2)
        sheet.y_now += 8
