"""Signal or noise: whether a share has changed more than chance and the usual unrest of its unit explain. Pure.

Laney's p′ chart (D. B. Laney, Quality Engineering 14, 2002; for health care Mohammed & Laney, Qual Saf Health Care 15, 2006):
the limits follow the number of ratings of each period, as in a p chart, and are widened by the unrest from period to period
that the unit had anyway (``unrest``, never below 1), so that large units do not alarm every week. Shares near 100 % are
skewed, so the limits carry the Cornish–Fisher correction (Winterbottom, Qual Reliab Eng Int 9, 1993). What is usual is
estimated from the first periods and then left alone; its own uncertainty widens the limits.

Two rules only, because every further rule of the classic eight adds false alarms: one period beyond the limits, and eight
periods together off the usual share. After the second one, what is usual is learnt anew from those eight.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from feedback_app.domain.groups import LEAST

LIMIT = 3.1
"""Standard deviations to each side; chosen with bench/signals.py so that a unit alarms falsely about once in seven years at most."""
TOGETHER = 8  # periods of the second rule
LEARN = 12  # periods before anything is judged
LEARN_MOST = 26
LEAST_RATINGS = 60
_MOVING_RANGE = 1.128  # expected range of two successive normal draws, in standard deviations
_CARE = 3.0  # an unrest learnt from few periods may be too small: widened by this divided by their number

LOW, HIGH, DOWN, UP = "low", "high", "down", "up"
"""Signals: one period below or above, or eight periods together."""


@dataclass(frozen=True)
class Sample:
    """``hits`` of ``n`` in one period. ``broken``: from here on something else is measured."""

    hits: int
    n: int
    broken: bool = False


@dataclass(frozen=True)
class Judged:
    """``share`` None: nobody, or fewer than five. ``centre``, ``least``, ``most`` None: still learning. All 0 to 1."""

    share: float | None
    n: int
    centre: float | None = None
    least: float | None = None
    most: float | None = None
    signal: str = ""


@dataclass(frozen=True)
class _Usual:
    centre: float
    n: int
    unrest: float


def judge(samples: Sequence[Sample], *, limit: float = LIMIT, together: int = TOGETHER) -> list[Judged]:
    """Every period, oldest first. What came before a period decides about it; what comes later never changes it."""
    made: list[Judged] = []
    learnt: list[Sample] = []  # what is usual since the last break or change
    recent: list[Sample] = []  # the last ``together`` that were judged
    for one in samples:
        if one.broken:
            learnt, recent = [], []
        if one.n < LEAST:
            made.append(Judged(None, one.n))
            continue
        usual = _usual(learnt)
        judged = _judged(one, usual, limit)
        if usual is not None:
            recent = [*recent, one][-together:]
            shift = _shift(recent, usual, limit) if len(recent) == together else ""
            if shift:
                judged, learnt, recent = replace(judged, signal=shift), recent, []
        if len(learnt) < LEARN_MOST and not judged.signal:
            learnt = [*learnt, one]
        made.append(judged)
    return made


def _usual(learnt: Sequence[Sample]) -> _Usual | None:
    """Of the periods learnt from; None while they are too few. Nearly all alike counts as half a person off, so that one
    dissatisfied patient after months of only good ratings is no catastrophe."""
    n, hits = sum(one.n for one in learnt), sum(one.hits for one in learnt)
    if len(learnt) < LEARN or n < LEAST_RATINGS:
        return None
    centre = (hits + 0.5) / (n + 1)
    steps = [(one.hits / one.n - centre) / math.sqrt(centre * (1 - centre) / one.n) for one in learnt]
    ranges = [abs(a - b) for a, b in zip(steps, steps[1:], strict=False)]
    unrest = sum(ranges) / len(ranges) / _MOVING_RANGE * (1 + _CARE / len(learnt))
    return _Usual(centre, n, max(1.0, unrest))


def _judged(one: Sample, usual: _Usual | None, limit: float) -> Judged:
    share = one.hits / one.n
    if usual is None:
        return Judged(share, one.n)
    least, most = limits(usual.centre, one.n, usual.n, usual.unrest, limit)
    signal = LOW if share < least else HIGH if share > most else ""
    return Judged(share, one.n, usual.centre, least, most, signal)


def limits(centre: float, n: int, learnt: int, unrest: float, limit: float) -> tuple[float, float]:
    """Of the share of ``n`` ratings where ``centre`` is usual, itself estimated from ``learnt`` ratings; inside 0 to 1."""
    spread = unrest * math.sqrt(centre * (1 - centre) * (1 / n + 1 / learnt))
    skew = (1 - 2 * centre) * (limit * limit - 1) / 6 / n
    least, most = max(0.0, centre + skew - limit * spread), min(1.0, centre + skew + limit * spread)
    # At the very ends the correction is too much: where all or none of them is nothing unlikely, it is no signal.
    rare = math.erfc(limit / math.sqrt(2)) / 2
    return (0.0 if (1 - centre) ** n >= rare else least), (1.0 if centre**n >= rare else most)


def _shift(recent: Sequence[Sample], usual: _Usual, limit: float) -> str:
    n = sum(one.n for one in recent)
    share = sum(one.hits for one in recent) / n
    least, most = limits(usual.centre, n, usual.n, usual.unrest, limit)
    # A single extreme period is the first rule's: here all but one must lie on that side.
    below = sum(one.hits / one.n < usual.centre for one in recent)
    if share < least and below >= len(recent) - 1:
        return DOWN
    return UP if share > most and below <= 1 else ""


def beside_others(units: Sequence[Sample], limit: float = LIMIT) -> list[str]:
    """Each unit among its like: ``low``, ``high`` or "" (as the others). A funnel (Spiegelhalter, Stat Med 24, 2005), widened
    where units differ among one another anyway; "" for all of fewer than five units."""
    known = [one for one in units if one.n >= LEAST]
    n = sum(one.n for one in known)
    if len(known) < LEAST or not n:
        return [""] * len(units)
    centre = (sum(one.hits for one in known) + 0.5) / (n + 1)
    off = sorted(abs(_steps(one, centre)) for one in known)
    cap = off[
        max(0, math.ceil(0.8 * len(off)) - 1)
    ]  # winsorised: the outliers must not widen the funnel for themselves
    unrest = max(1.0, math.sqrt(sum(min(one, cap) ** 2 for one in off) / len(off)))
    return [_beside(one, centre, n, unrest, limit) for one in units]


def _beside(one: Sample, centre: float, n: int, unrest: float, limit: float) -> str:
    if one.n < LEAST:
        return ""
    return _judged(one, _Usual(centre, n, unrest), limit).signal


def _steps(one: Sample, centre: float) -> float:
    return (one.hits / one.n - centre) / math.sqrt(centre * (1 - centre) / one.n)
