"""A drawing of lines, boxes and words, and the same drawing as SVG. Pure; every length is in pixels of the drawing.

What a mark looks like is decided by its ``kind``: in pages by the stylesheet (``.chart .line`` …), so that dark mode, print
and high contrast follow the page; with ``standalone`` by attributes of its own (PAINTS), for files and printed papers.
Other papers (a PDF, a spreadsheet) draw the same marks themselves: ``marks`` is all there is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

SIZE = 15  # of words; never below 14 anywhere
_NARROW_SIGN = 0.58  # of a Latin letter or figure, in units of its size

PAINTS = {
    "axis": {"stroke": "#8a8a8a"},
    "grid": {"stroke": "#e3e3e3"},
    "line": {"fill": "none", "stroke": "#3f7d9e", "stroke-width": "2"},
    "centre": {"fill": "none", "stroke": "#5c5c5c", "stroke-dasharray": "6 4"},
    "break": {"stroke": "#5c5c5c", "stroke-dasharray": "2 4"},
    "whisker": {"stroke": "#5c5c5c", "stroke-width": "1.5"},
    "band": {"fill": "#e6eef2"},
    "bar": {"fill": "#3f7d9e"},
    "soft-bar": {"fill": "#b9d2de"},
    "dot": {"fill": "#3f7d9e"},
    "signal": {"fill": "#ffffff", "stroke": "#7a4b00", "stroke-width": "3"},
    "words": {"fill": "#1a1a1a"},
    "soft": {"fill": "#5c5c5c"},
    "strong": {"fill": "#7a4b00", "font-weight": "600"},
    "cell0": {"fill": "#f2f5f7", "stroke": "#cfd8dd"},
    "cell1": {"fill": "#dce8ee", "stroke": "#cfd8dd"},
    "cell2": {"fill": "#c3d8e3", "stroke": "#cfd8dd"},
    "cell3": {"fill": "#a3c5d5", "stroke": "#cfd8dd"},
    "cell4": {"fill": "#83b2c8", "stroke": "#cfd8dd"},
}
"""Kind of mark -> SVG presentation attributes; the colours are those of the consoles in daylight."""

Place = tuple[float, float]


@dataclass(frozen=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    kind: str = "axis"


@dataclass(frozen=True)
class Path:
    """Through these places; ``closed``: an area."""

    places: tuple[Place, ...]
    kind: str = "line"
    closed: bool = False


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    kind: str = "bar"


@dataclass(frozen=True)
class Dot:
    """A round dot; a ``signal`` is a standing square, so that shape tells it and not colour alone."""

    x: float
    y: float
    radius: float = 4
    kind: str = "dot"


@dataclass(frozen=True)
class Words:
    """``y`` is the base line; ``anchor`` start, middle or end."""

    x: float
    y: float
    text: str
    kind: str = "words"
    anchor: str = "middle"


Mark = Line | Path | Box | Dot | Words


@dataclass(frozen=True)
class Drawing:
    """``title`` and ``told`` (one or two sentences) are what a screen reader says in its place."""

    width: int
    height: int
    title: str
    told: str
    marks: tuple[Mark, ...]


def wide(text: str, size: float = SIZE) -> float:
    """About how wide these words are: Chinese signs are square."""
    return size * sum(1.0 if east_asian_width(sign) in "WF" else _NARROW_SIGN for sign in text)


def cut(text: str, room: float) -> str:
    """The words, shortened with … to fit into ``room``."""
    if wide(text) <= room:
        return text
    while text and wide(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"


def svg(drawing: Drawing, name: str, css: str = "chart", *, standalone: bool = False) -> str:
    """One ``<svg>`` element with title and description. ``name`` must be the only one of its kind on the page: the ids of
    both are made from it. ``standalone``: a file that brings its colours along."""
    paint = standalone
    head = (
        f'<svg class={quoteattr(css)} viewBox={quoteattr(f"0 0 {drawing.width} {drawing.height}")} role="img" '
        f'aria-labelledby={quoteattr(f"{name}-title {name}-told")} xmlns="http://www.w3.org/2000/svg"'
    )
    if standalone:
        head += f' width="{drawing.width}" height="{drawing.height}" font-family="sans-serif" font-size="{SIZE}"'
    titles = f"<title id={quoteattr(f'{name}-title')}>{escape(drawing.title)}</title>"
    told = f"<desc id={quoteattr(f'{name}-told')}>{escape(drawing.told)}</desc>"
    return f"{head}>{titles}{told}{''.join(_element(one, paint) for one in drawing.marks)}</svg>"


def _element(mark: Mark, paint: bool) -> str:
    look = f" class={quoteattr(mark.kind)}" + (_attributes(PAINTS.get(mark.kind, {})) if paint else "")
    if isinstance(mark, Line):
        return f'<line{look} x1="{_n(mark.x1)}" y1="{_n(mark.y1)}" x2="{_n(mark.x2)}" y2="{_n(mark.y2)}"/>'
    if isinstance(mark, Path):
        name = "polygon" if mark.closed else "polyline"
        return f'<{name}{look} points="{_points(mark.places)}"/>'
    if isinstance(mark, Box):
        return f'<rect{look} x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}"/>'
    if isinstance(mark, Dot):
        return _dot(mark, look)
    return f'<text{look} x="{_n(mark.x)}" y="{_n(mark.y)}" text-anchor="{mark.anchor}">{escape(mark.text)}</text>'


def _dot(mark: Dot, look: str) -> str:
    if mark.kind != "signal":
        return f'<circle{look} cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{_n(mark.radius)}"/>'
    return f'<polygon{look} points="{_points(diamond(mark))}"/>'


def diamond(mark: Dot) -> Sequence[Place]:
    """The corners of a signal."""
    x, y, reach = mark.x, mark.y, mark.radius * 1.6
    return (x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)


def _points(places: Iterable[Place]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in places)


def _attributes(paints: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in paints.items())


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
