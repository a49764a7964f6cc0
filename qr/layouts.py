"""Where everything stands on a printed code: three layouts as data, and the arithmetic that keeps text inside its place.

All lengths in millimetres, measured from the top left corner. Nothing here draws.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Measure = Callable[[str], float]  # width of a text at size 1

BASELINE = 0.38  # from the middle of a Chinese glyph down to its baseline, in its size
LEADING = 1.2
AIR = 0.94  # the share of a slot that letters may fill from top to bottom
SHRINK_BEFORE_WRAP = 0.7  # a line may become this much smaller before it is broken in two


@dataclass(frozen=True)
class Poster:
    """What one printed code says. All in the language of the paper; an empty text leaves its place white."""

    url: str  # what the picture says
    hospital: str
    name: str
    place: str  # title, department and place in one line
    sentence: str
    code: str  # in clear, grouped
    hint: str  # what to do when the camera fails
    phone: str


@dataclass(frozen=True)
class Slot:
    """The place of one text: a strip over the width of the card, text centred in it."""

    field: str
    top: float
    height: float
    size: float
    lines: int


@dataclass(frozen=True)
class Layout:
    page: tuple[float, float]
    card: tuple[float, float]
    columns: int
    rows: int
    margin: float  # white to the left and right of texts
    code_top: float  # of the symbol, without its quiet zone
    code_width: float
    slots: tuple[Slot, ...]

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def corners(self) -> Iterator[tuple[float, float]]:
        """The top left corner of each card of a page, row by row; the block of cards stands in the middle."""
        left = (self.page[0] - self.columns * self.card[0]) / 2
        top = (self.page[1] - self.rows * self.card[1]) / 2
        for row in range(self.rows):
            for column in range(self.columns):
                yield left + column * self.card[0], top + row * self.card[1]

    def cuts(self) -> Iterator[tuple[float, float, float, float]]:
        """Cut marks as lines (x1, y1, x2, y2), outside the cards where there is room, else along their edges."""
        if self.per_page == 1:
            return
        left, top = next(self.corners())
        right, bottom = left + self.columns * self.card[0], top + self.rows * self.card[1]
        for column in range(self.columns + 1):
            x = left + column * self.card[0]
            yield from ((x, y1, x, y2) for y1, y2 in _marks(top, bottom, self.page[1]) if 0 < x < self.page[0])
        for row in range(self.rows + 1):
            y = top + row * self.card[1]
            yield from ((x1, y, x2, y) for x1, x2 in _marks(left, right, self.page[0]) if 0 < y < self.page[1])


@dataclass(frozen=True)
class Line:
    """One line of text, centred on ``x``; ``y`` is its baseline."""

    text: str
    x: float
    y: float
    size: float
    field: str


def _marks(start: float, end: float, most: float) -> tuple[tuple[float, float], ...]:
    if start < 1:
        return ((0, most),)
    return ((start - 7, start - 2), (end + 2, end + 7))


STAND = Layout(
    page=(148, 210),
    card=(148, 210),
    columns=1,
    rows=1,
    margin=11,
    code_top=71,
    code_width=72,
    slots=(
        Slot("hospital", 12, 8, 5.6, 1),
        Slot("name", 24, 21, 15, 2),
        Slot("place", 46, 13, 5.6, 2),
        Slot("sentence", 154, 20, 7, 2),
        Slot("code", 177, 7, 5.6, 1),
        Slot("hint", 185, 5.5, 3.6, 1),
        Slot("phone", 193, 6, 4.4, 1),
    ),
)

SHEET = Layout(
    page=(210, 297),
    card=(105, 99),
    columns=2,
    rows=3,
    margin=7,
    code_top=32,
    code_width=40.5,
    slots=(
        Slot("hospital", 5, 5, 3.5, 1),
        Slot("name", 10.4, 9.8, 7.6, 2),
        Slot("place", 20.4, 5.8, 3.6, 2),
        Slot("sentence", 78.2, 5, 3.6, 1),
        Slot("code", 83.8, 4.8, 3.9, 1),
        Slot("hint", 88.6, 3.4, 2.6, 1),
        Slot("phone", 92, 3.7, 2.8, 1),
    ),
)

BADGE = Layout(
    page=(210, 297),
    card=(54, 86),
    columns=3,
    rows=3,
    margin=3,
    code_top=25.2,
    code_width=38,
    slots=(
        Slot("hospital", 4.6, 3.6, 2.7, 1),
        Slot("name", 8.4, 7.2, 5.6, 2),
        Slot("place", 15.7, 4.2, 2.7, 2),
        Slot("sentence", 68.6, 7, 2.7, 2),
        Slot("code", 75.8, 3.6, 3, 1),
        Slot("phone", 79.4, 3.2, 2.4, 1),
    ),
)

LAYOUTS = {"stand": STAND, "badge": BADGE, "sheet": SHEET}


def lines(layout: Layout, poster: Poster, measure: Measure) -> Iterator[Line]:
    """The texts of one card, each inside its slot however long it is; coordinates within the card."""
    width = layout.card[0] - 2 * layout.margin
    for slot in layout.slots:
        text = getattr(poster, slot.field)
        if not text:
            continue
        size, broken = fit(text, slot, width, measure)
        middle = slot.top + slot.height / 2 - (len(broken) - 1) / 2 * size * LEADING
        for number, part in enumerate(broken):
            baseline = middle + number * size * LEADING + size * BASELINE
            yield Line(part, layout.card[0] / 2, baseline, size, slot.field)


def fit(text: str, slot: Slot, width: float, measure: Measure) -> tuple[float, list[str]]:
    """The size and the lines with which ``text`` fills ``slot`` best: smaller first, then in two lines, then smaller still."""
    best: tuple[float, list[str]] = (0.0, [text])
    for count in range(1, slot.lines + 1):
        broken = split(text, count, measure)
        tallest = AIR * slot.height / (1 + (count - 1) * LEADING)
        widest = max(measure(part) for part in broken) or 1
        size = min(slot.size, tallest, width / widest)
        if size > best[0]:
            best = (size, broken)
        if size >= SHRINK_BEFORE_WRAP * slot.size:
            break
    return best


def split(text: str, count: int, measure: Measure) -> list[str]:
    """``text`` in ``count`` lines of similar width; broken at a space or after a mark where one is near the middle."""
    if count == 1:
        return [text]
    whole = measure(text)
    pieces = re.findall(r"[A-Za-z0-9À-ɏ.,'’\-]+\s*|.\s*", text)
    after = [measure("".join(pieces[:end])) for end in range(1, len(pieces))]
    if not after:
        return [text]

    def unevenness(end: int) -> float:
        preferred = pieces[end - 1][-1] in " 。，；·,"
        return abs(after[end - 1] - whole / count) - (0.2 * whole if preferred else 0)

    end = min(range(1, len(pieces)), key=unevenness)
    first, rest = "".join(pieces[:end]).rstrip(" ·"), "".join(pieces[end:]).lstrip(" ·")
    return [first, *split(rest, count - 1, measure)]
