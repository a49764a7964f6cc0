"""Where the points of a small line chart stand. Pure, so that the page only has to draw."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 150
_LEFT, _TOP, _BASE = 24, 28, 122
_LEAST_SPAN = 4.0  # points of score: a change of half a point must not look like a cliff


@dataclass(frozen=True)
class Point:
    x: int
    y: int
    label: str
    month: str


@dataclass(frozen=True)
class Chart:
    """``base`` is the height of the axis; ``points`` run from the oldest month to the newest."""

    points: tuple[Point, ...]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = _BASE


def trend_chart(values: Sequence[tuple[str, float]]) -> Chart | None:
    """``values``: (name of the month, score), oldest first. None when there is no line to draw: fewer than two."""
    if len(values) < 2:
        return None
    scores = [score for _, score in values]
    middle = (max(scores) + min(scores)) / 2
    span = max(max(scores) - min(scores), _LEAST_SPAN)
    step = (WIDTH - 2 * _LEFT) / (len(values) - 1)
    room = _BASE - 16 - _TOP
    return Chart(
        tuple(
            Point(
                x=round(_LEFT + place * step),
                y=round(_TOP + room * (0.5 - (score - middle) / span)),
                label=f"{score:.1f}",
                month=month,
            )
            for place, (month, score) in enumerate(values)
        )
    )
