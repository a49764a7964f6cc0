"""What a report consists of, whatever it is made into: headings, sentences, figures, tables, charts, in their order. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from feedback_app.domain.charts import Chart

FORMS = ("pdf", "docx", "xlsx")
Cell = str | int | float


@dataclass(frozen=True)
class Heading:
    """``level`` 1: a part that begins on a new page where it would not fit; 2: within a part."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    """A paragraph. ``quiet``: small and grey, how something was counted."""

    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Points:
    """A list of short sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """A few large figures side by side: figure and what it is."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """``name``: of its sheet in a spreadsheet. ``widths``: shares of the width. ``numbers``: places of columns set right."""

    name: str
    head: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    widths: tuple[float, ...] = ()
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """``name``: of its sheet. ``tall``: millimetres; the width is the page's."""

    name: str
    chart: Chart


@dataclass(frozen=True)
class NewPage:
    pass


Block = Heading | Text | Points | Figures | Table | Picture | NewPage


@dataclass(frozen=True)
class Paper:
    """``foot`` stands on every page; ``marks`` (演示数据) beside the title."""

    title: str
    subtitle: str
    blocks: Sequence[Block]
    foot: str = ""
    marks: tuple[str, ...] = ()
    signed: tuple[str, ...] = field(default=())  # at the end, set right: hospital, day
