"""The charts of every page and report: lines, bars, control charts, strips of cells. Pure: figures in, a drawing out.

Direct labels instead of legends, bars from zero, an interval wherever there is one, a gap where there is no figure (a month
without an open window, fewer than five people). Each chart comes twice, for a wide page and for a phone, because words in a
drawing that is shrunk cannot be read; and as a table, because some listen to it. All words are the caller's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from feedback_app.domain.drawing import SIZE, Box, Dot, Drawing, Line, Mark, Path, Words, cut, wide

WIDE, NARROW = 720, 340
_TOP, _UNDER = 30, 34  # room above for a break's words, below for the labels
_HEIGHT = 240
_RIGHT = 14
_ROW = 34
_BAR = 20
SHADES = 5


@dataclass(frozen=True)
class Spot:
    """One figure of a line. ``value`` None: none to show. ``low``/``high``: its interval. ``told``: as it is written.

    ``broken``: words at a line drawn before this spot, because from here on something else is measured; the line stops there.
    """

    label: str
    value: float | None
    told: str = ""
    low: float | None = None
    high: float | None = None
    broken: str = ""


@dataclass(frozen=True)
class Watched(Spot):
    """The same on a control chart: what is usual there, and whether this one is out of it."""

    centre: float | None = None
    least: float | None = None
    most: float | None = None
    signal: bool = False


@dataclass(frozen=True)
class Bar:
    """``value`` from 0; None: nothing to show, ``told`` says why. ``low``/``high``: its interval."""

    label: str
    value: float | None
    told: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Cell:
    """One field of a strip. ``value`` None: nothing to show. ``told`` stands in it, at most four figures."""

    label: str
    value: float | None
    told: str = ""


@dataclass(frozen=True)
class Table:
    """What stands beside the drawing: the head of each column, and rows of as many words."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """``wide`` for pages and paper (720 pixels), ``narrow`` for phones (340). None of both is drawn without figures."""

    wide: Drawing
    narrow: Drawing
    table: Table

    @property
    def is_empty(self) -> bool:
        return not self.wide.marks


@dataclass(frozen=True)
class Said:
    """The words around a chart: ``title``, ``told`` (what it shows, in a sentence), the table's ``head``."""

    title: str
    told: str
    head: tuple[str, ...]


def line(said: Said, spots: Sequence[Spot], *, least: float | None = None, most: float | None = None) -> Chart:
    """Figures over time, oldest first. The scale holds all of them and their intervals, never wider than ``least`` to
    ``most``; table columns: label, figure, interval."""
    rows = tuple((one.label, one.told or "–", _interval(one.low, one.high)) for one in spots)
    return _twice(said, rows, lambda width: _Plane(spots, width, least, most).line(), any(_shown(spots)))


def control(said: Said, spots: Sequence[Watched], *, least: float | None = None, most: float | None = None) -> Chart:
    """A control chart: the band of what is usual, its centre, every figure, and those out of it as standing squares with
    their figure. Table columns: label, figure, what is usual, remark (``told`` of the caller for signals is ``said.head[3]``)."""
    mark = said.head[3] if len(said.head) > 3 else "◆"
    rows = tuple(
        (one.label, one.told or "–", _interval(one.least, one.most), mark if one.signal else "") for one in spots
    )
    return _twice(said, rows, lambda width: _Plane(spots, width, least, most).control(), any(_shown(spots)))


def bars(said: Said, items: Sequence[Bar], *, most: float | None = None) -> Chart:
    """Lying bars from zero to ``most`` (else the largest), label and figure written at each. Table: label, figure,
    interval."""
    rows = tuple((one.label, one.told, _interval(one.low, one.high)) for one in items)
    top = most or max((one.high or one.value or 0 for one in items), default=0) or 1
    return _twice(said, rows, lambda width: _lying(items, width, top), bool(items))


def strip(said: Said, cells: Sequence[Cell], *, a_line: int = 0) -> Chart:
    """Cells in reading order, darker where more; the figure stands in each. ``a_line``: cells in a line of the wide
    drawing (a day of hours, a week), 0: as many as fit."""
    rows = tuple((one.label, one.told or "–") for one in cells)
    return _twice(said, rows, lambda width: _cells(cells, width, a_line), bool(cells))


def _twice(
    said: Said,
    rows: tuple[tuple[str, ...], ...],
    draw: Callable[[float], tuple[float, float, Sequence[Mark]]],
    any_figure: bool,
) -> Chart:
    made = [_drawing(said, *draw(width)) if any_figure else Drawing(width, 0, said.title, said.told, ()) for width in (WIDE, NARROW)]  # fmt: skip
    return Chart(made[0], made[1], Table(said.head, rows))


def _drawing(said: Said, width: float, height: float, marks: Sequence[Mark]) -> Drawing:
    return Drawing(round(width), round(height), said.title, said.told, tuple(marks))


def _shown(spots: Sequence[Spot]) -> list[bool]:
    return [one.value is not None for one in spots]


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.1f}–{high:.1f}"


class _Plane:
    """Spots side by side over one scale."""

    def __init__(self, spots: Sequence[Spot], width: float, least: float | None, most: float | None) -> None:
        self.spots, self.width = spots, width
        self.bottom, self.top = _scale(spots, least, most)
        ticks = {f"{self.bottom:g}", f"{self.top:g}"}
        self.left = max(wide(one) for one in ticks) + 12
        self.base = _HEIGHT - _UNDER

    def x(self, place: int) -> float:
        first, last = self.left + 18, self.width - _RIGHT - 18
        return (first + last) / 2 if len(self.spots) == 1 else first + (last - first) * place / (len(self.spots) - 1)

    def y(self, value: float) -> float:
        share = (value - self.bottom) / (self.top - self.bottom)
        return self.base - (self.base - _TOP) * min(1.0, max(0.0, share))

    def line(self) -> tuple[float, float, list[Mark]]:
        return self.width, _HEIGHT, [*self.frame(), *self.whiskers(), *self.runs(), *self.dots(), *self.figures()]

    def control(self) -> tuple[float, float, list[Mark]]:
        return self.width, _HEIGHT, [*self.bands(), *self.frame(), *self.runs(), *self.dots(), *self.figures()]

    def frame(self) -> list[Mark]:
        """Axis, the two ends of the scale, labels below, breaks."""
        made: list[Mark] = [Line(self.left, self.base, self.width - _RIGHT, self.base, "axis")]
        for value in (self.bottom, self.top):
            made.append(Words(self.left - 8, self.y(value) + 5, f"{value:g}", "soft", "end"))
        made.append(Line(self.left, self.y(self.top), self.width - _RIGHT, self.y(self.top), "grid"))
        made += [Words(self.x(at), self.base + 22, one.label, "soft") for at, one in self.labelled()]
        for at, one in enumerate(self.spots):
            if one.broken:
                x = self.x(at) - (self.x(1) - self.x(0)) / 2 if at else self.x(0) - 14
                made += [Line(x, _TOP - 8, x, self.base, "break"), self._said_above(x, one.broken)]
        return made

    def _said_above(self, x: float, words: str) -> Words:
        right = x > self.width / 2
        return Words(
            x, _TOP - 13, cut(words, (x if right else self.width - x) - 8), "soft", "end" if right else "start"
        )

    def labelled(self) -> list[tuple[int, Spot]]:
        """As many labels as have room, the newest always."""
        step = abs(self.x(1) - self.x(0)) if len(self.spots) > 1 else self.width
        every = max(1, -(-int(max(wide(one.label) for one in self.spots) + 10) // max(1, int(step))))
        last = len(self.spots) - 1
        return [(at, one) for at, one in enumerate(self.spots) if (last - at) % every == 0]

    def runs(self) -> list[Mark]:
        """The line, in pieces between gaps and breaks."""
        pieces: list[list[tuple[float, float]]] = [[]]
        for at, one in enumerate(self.spots):
            if one.value is None or one.broken:
                pieces.append([])
            if one.value is not None:
                pieces[-1].append((self.x(at), self.y(one.value)))
        return [Path(tuple(piece)) for piece in pieces if len(piece) > 1]

    def whiskers(self) -> list[Mark]:
        return [
            Line(self.x(at), self.y(one.low), self.x(at), self.y(one.high), "whisker")
            for at, one in enumerate(self.spots)
            if one.low is not None and one.high is not None
        ]

    def dots(self) -> list[Mark]:
        return [
            Dot(self.x(at), self.y(one.value), 5 if _is_signal(one) else 4, "signal" if _is_signal(one) else "dot")
            for at, one in enumerate(self.spots)
            if one.value is not None
        ]

    def figures(self) -> list[Mark]:
        """Written at the newest figure and at each signal, where the words do not run into one another."""
        shown = [(at, one) for at, one in enumerate(self.spots) if one.value is not None]
        wanted = [shown[-1], *(pair for pair in reversed(shown[:-1]) if _is_signal(pair[1]))]
        made: list[Mark] = []
        taken: list[tuple[float, float]] = []
        for at, one in wanted:
            half = wide(one.told) / 2 + 3
            x = min(self.x(at), self.width - half)
            if one.value is None or any(x - half < end and start < x + half for start, end in taken):
                continue
            taken.append((x - half, x + half))
            top = one.high if one.high is not None and not isinstance(one, Watched) else one.value
            y = self.y(top) - 12 if self.y(top) - 12 > _TOP - 2 else self.y(one.value) + 24
            made.append(Words(x, y, one.told, "strong" if _is_signal(one) else "words"))
        return made

    def bands(self) -> list[Mark]:
        """What is usual: a band and its centre, anew after each break."""
        made: list[Mark] = []
        half = (self.x(1) - self.x(0)) / 2 if len(self.spots) > 1 else 18
        for at, one in enumerate(self.spots):
            if isinstance(one, Watched) and one.least is not None and one.most is not None:
                top, bottom = self.y(one.most), self.y(one.least)
                start, end = self.span(at, half)
                made.append(Box(start, top, end - start, bottom - top, "band"))
        for at, one in enumerate(self.spots):
            if isinstance(one, Watched) and one.centre is not None:
                y = self.y(one.centre)
                start, end = self.span(at, half)
                made.append(Line(start, y, end, y, "centre"))
        return made

    def span(self, at: int, half: float) -> tuple[float, float]:
        """From half-way to the spot before to half-way to the next one."""
        return max(self.left, self.x(at) - half), min(self.width - _RIGHT, self.x(at) + half)


def _is_signal(one: Spot) -> bool:
    return isinstance(one, Watched) and one.signal


def _scale(spots: Sequence[Spot], least: float | None, most: float | None) -> tuple[float, float]:
    """Both ends: whole steps around everything that is drawn, inside ``least`` to ``most``."""
    values = [value for one in spots for value in _drawn(one) if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    span = max(high - low, abs(high) * 0.02, 1e-9)
    step = next(one for one in (0.01, 0.1, 1, 5, 10, 50, 100, 1e3, 1e4, 1e6, 1e12) if span <= one * 10)
    bottom, top = step * ((low - span * 0.05) // step), step * -(-(high + span * 0.05) // step)
    bottom = bottom if least is None else min(max(bottom, least), low)
    top = top if most is None else max(min(top, most), high)
    bottom, top = round(bottom, 6), round(top, 6)
    return (bottom, top) if top > bottom else (bottom, bottom + 1)


def _drawn(one: Spot) -> tuple[float | None, ...]:
    if isinstance(one, Watched):
        return one.value, one.least, one.most
    return one.value, one.low, one.high


def _lying(items: Sequence[Bar], width: float, top: float) -> tuple[float, float, list[Mark]]:
    """Beside the label where there is room for it, below it on a phone."""
    below = width < WIDE
    row = _ROW + 18 if below else _ROW
    left = 4.0 if below else min(max(wide(one.label) for one in items) + 14, width * 0.4)
    room = width - left - max(wide(one.told) for one in items) - 14
    made: list[Mark] = []
    for at, one in enumerate(items):
        y = at * row + (22 if below else 6)
        label = cut(one.label, width - 8 if below else left - 12)
        made.append(
            Words(left, at * row + 16, label, anchor="start")
            if below
            else Words(left - 10, y + 15, label, anchor="end")
        )
        length = room * min(1.0, (one.value or 0) / top)
        made.append(Box(left, y, length, _BAR, "bar"))
        end = length
        if one.low is not None and one.high is not None:
            low, end = room * min(1.0, one.low / top), max(length, room * min(1.0, one.high / top))
            made.append(Line(left + low, y + _BAR / 2, left + end, y + _BAR / 2, "whisker"))
        made.append(Words(left + end + 8, y + 15, one.told, "words" if one.value is not None else "soft", "start"))
    if not below:
        made.append(Line(left, 0, left, len(items) * row, "axis"))
    return width, len(items) * row + 4, made


def _cells(cells: Sequence[Cell], width: float, a_line: int) -> tuple[float, float, list[Mark]]:
    room = max(44.0, *(wide(one.label) + 8 for one in cells), *(wide(one.told) + 8 for one in cells))
    fit = max(1, int((width - 2) // room))
    count = min(a_line or len(cells), fit)
    if a_line > fit:  # a day of 24 hours in two lines of 12, not one of 20 and one of 4
        count = -(-a_line // -(-a_line // fit))
    side, height = (width - 2) / max(count, 1), 34.0
    values = [one.value for one in cells if one.value is not None]
    low, high = min(values, default=0.0), max(values, default=0.0)
    made: list[Mark] = []
    for at, one in enumerate(cells):
        x, y = 1 + (at % count) * side, (at // count) * (height + SIZE + 12) + SIZE + 6
        shade = (
            0 if one.value is None or high <= low else min(SHADES - 1, int(SHADES * (one.value - low) / (high - low)))
        )
        made.append(Words(x + side / 2, y - 5, one.label, "soft"))
        made.append(Box(x + 1, y, side - 2, height, f"cell{shade}"))
        made.append(Words(x + side / 2, y + 22, one.told or "·", "words" if one.value is not None else "soft"))
    lines = -(-len(cells) // count) if cells else 0
    return width, lines * (height + SIZE + 12) + 6, made
