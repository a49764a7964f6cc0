"""A board as one picture for the official account: 1080 dots wide, readable on a phone, as high as it needs to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from qr.images import QUIET_ZONE, matrix

WIDTH = 1080
MARGIN = 72
GROUND, CELL, TEXT, SOFT, LINE = "#f7f7f7", "#ffffff", "#1a1a1a", "#5c5c5c", "#e3e3e3"
ACTION, WARN = "#0b6b3f", "#7a4b00"
_CODE = 220
_HEAD = 264


@dataclass(frozen=True)
class Line:
    """One name on the picture."""

    name: str
    beside: str  # department
    place: str  # 第 1 名; empty for winners without an order


@dataclass(frozen=True)
class Group:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Picture:
    title: str
    period: str
    hospital: str
    groups: tuple[Group, ...]
    marks: tuple[str, ...]  # 未核验, 演示数据
    foot: str
    url: str


def png(picture: Picture) -> bytes:
    """The picture as PNG. The same argument gives the same bytes."""
    height = _HEAD + sum(142 + 92 * len(group.lines) for group in picture.groups) + _CODE + 130
    image = Image.new("RGB", (WIDTH, height), GROUND)
    draw = ImageDraw.Draw(image)
    y = _head(draw, picture)
    for group in picture.groups:
        y = _group(draw, group, y)
    _foot(image, draw, picture, y + 24)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _head(draw: ImageDraw.ImageDraw, picture: Picture) -> int:
    _fitted(draw, picture.title, (MARGIN, 76), 68, TEXT, WIDTH - 2 * MARGIN)
    draw.text((MARGIN, 172), picture.period, fill=SOFT, font=_font(38))
    x = MARGIN + draw.textlength(picture.period, font=_font(38)) + 28
    for mark in picture.marks:
        wide = draw.textlength(mark, font=_font(28))
        draw.rounded_rectangle((x, 174, x + wide + 28, 220), 10, outline=WARN, width=2)
        draw.text((x + 14, 177), mark, fill=WARN, font=_font(28))
        x += wide + 46
    return _HEAD


def _group(draw: ImageDraw.ImageDraw, group: Group, y: int) -> int:
    bottom = y + 110 + 92 * len(group.lines)
    draw.rounded_rectangle((MARGIN - 24, y, WIDTH - MARGIN + 24, bottom), 20, fill=CELL)
    draw.text((MARGIN + 8, y + 28), group.title, fill=ACTION, font=_font(38))
    for number, line in enumerate(group.lines):
        top = y + 104 + 92 * number
        draw.line((MARGIN + 8, top, WIDTH - MARGIN - 8, top), fill=LINE, width=2)
        wide = draw.textlength(line.place, font=_font(34))
        draw.text((WIDTH - MARGIN - 8 - wide, top + 22), line.place, fill=ACTION, font=_font(34))
        end = _fitted(draw, line.name, (MARGIN + 8, top + 16), 44, TEXT, 420)
        room = WIDTH - MARGIN - 40 - wide - (MARGIN + end + 24)
        _fitted(draw, line.beside, (MARGIN + int(end) + 32, top + 26), 32, SOFT, max(room, 60))
    return bottom + 32


def _foot(image: Image.Image, draw: ImageDraw.ImageDraw, picture: Picture, y: int) -> None:
    symbol = matrix(picture.url)
    side = len(symbol) + 2 * QUIET_ZONE
    code = Image.new("1", (side, side), 1)
    for row, modules in enumerate(symbol):
        for column, module in enumerate(modules):
            if module == "1":
                code.putpixel((column + QUIET_ZONE, row + QUIET_ZONE), 0)
    scale = max(1, _CODE // side)
    image.paste(code.resize((side * scale, side * scale), Image.Resampling.NEAREST), (MARGIN, y))
    draw.text((MARGIN + side * scale + 36, y + 40), picture.hospital, fill=TEXT, font=_font(38))
    lines = _broken(draw, picture.foot, 30, WIDTH - MARGIN - (MARGIN + side * scale + 36))
    for number, line in enumerate(lines[:3]):
        draw.text((MARGIN + side * scale + 36, y + 104 + 44 * number), line, fill=SOFT, font=_font(30))


def _broken(draw: ImageDraw.ImageDraw, text: str, size: int, width: float) -> list[str]:
    lines, line = [], ""
    for sign in text:
        if line and draw.textlength(line + sign, font=_font(size)) > width:
            lines.append(line)
            line = ""
        line += sign
    return [*lines, line]


def _fitted(draw: ImageDraw.ImageDraw, text: str, at: tuple[int, int], size: int, colour: str, width: float) -> float:
    """Write it, smaller where it would not fit; returns its width."""
    whole = draw.textlength(text, font=_font(size))
    if whole > width:
        size = max(16, int(size * width / whole))
    draw.text(at, text, fill=colour, font=_font(size))
    return draw.textlength(text, font=_font(size))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)


def groups_of(found: Sequence[tuple[str, Sequence[Line]]], most: int) -> tuple[Group, ...]:
    """Groups with somebody in them, the first ``most`` lines of each."""
    return tuple(Group(title, tuple(lines[:most])) for title, lines in found if lines)
