"""A chart as PNG, for documents that cannot hold a drawing."""

import io
from functools import lru_cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

from feedback_app.domain.drawing import PAINTS, SIZE, Box, Dot, Drawing, Line, Mark, Path, Words, diamond

SCALE = 2


@lru_cache(maxsize=2)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(pylopdf_fonts_zh_cn.sans_path(), size)


def png(drawing: Drawing) -> bytes:
    """Twice as many dots as pixels of the drawing, on white."""
    picture = Image.new("RGB", (drawing.width * SCALE, drawing.height * SCALE), "white")
    pen = ImageDraw.Draw(picture)
    for mark in drawing.marks:
        _mark(pen, mark)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _mark(pen: ImageDraw.ImageDraw, mark: Mark) -> None:
    paint = PAINTS.get(mark.kind, {})
    fill = paint.get("fill", "none")
    inside, line = (None if fill == "none" else fill), paint.get("stroke")
    width = max(1, round(float(paint.get("stroke-width", "1")) * SCALE))
    if isinstance(mark, Words):
        anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor]
        pen.text(
            (mark.x * SCALE, mark.y * SCALE),
            mark.text,
            fill=inside or "#1a1a1a",
            font=_font(SIZE * SCALE),
            anchor=anchor,
        )
    elif isinstance(mark, Line):
        _stroke(pen, [(mark.x1, mark.y1), (mark.x2, mark.y2)], line, width, "stroke-dasharray" in paint)
    elif isinstance(mark, Path) and not mark.closed:
        _stroke(pen, list(mark.places), line, width, "stroke-dasharray" in paint)
    elif isinstance(mark, Path):
        pen.polygon([(x * SCALE, y * SCALE) for x, y in mark.places], fill=inside, outline=line)
    elif isinstance(mark, Box):
        corner = ((mark.x + mark.width) * SCALE, (mark.y + mark.height) * SCALE)
        pen.rectangle([(mark.x * SCALE, mark.y * SCALE), corner], fill=inside, outline=line)
    elif isinstance(mark, Dot) and mark.kind == "signal":
        pen.polygon([(x * SCALE, y * SCALE) for x, y in diamond(mark)], fill=inside, outline=line, width=width)
    else:
        x, y, reach = mark.x * SCALE, mark.y * SCALE, mark.radius * SCALE
        pen.ellipse([(x - reach, y - reach), (x + reach, y + reach)], fill=inside, outline=line)


def _stroke(
    pen: ImageDraw.ImageDraw, places: list[tuple[float, float]], colour: str | None, width: int, dashed: bool
) -> None:
    points = [(x * SCALE, y * SCALE) for x, y in places]
    if not dashed:
        pen.line(points, fill=colour or "#8a8a8a", width=width, joint="curve")
        return
    for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
        length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 0.01)
        for start in range(0, int(length), 10 * SCALE):
            a, b = start / length, min(1.0, (start + 6 * SCALE) / length)
            pen.line(
                [(x1 + (x2 - x1) * a, y1 + (y2 - y1) * a), (x1 + (x2 - x1) * b, y1 + (y2 - y1) * b)],
                fill=colour,
                width=width,
            )
