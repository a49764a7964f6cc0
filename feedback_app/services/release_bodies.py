"""What is given of a department: its figure, windows, channels, hours, questions and themes, each of enough people. Frozen."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import themes as theme_rows
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import day_bodies, groups
from feedback_app.domain.day_bodies import Body
from feedback_app.domain.periods import Month
from feedback_app.domain.themes import BAD, GOOD, MIXED
from feedback_app.services import dashboards, day_counts
from feedback_app.services.dashboards import STAFF, Part
from feedback_app.services.question_lines import Versions

QUOTES = 30  # comments of a theme that are kept for reading


@dataclass(frozen=True)
class Atom:
    """Months ``first`` to ``last`` of one service point in one department: at least five ratings."""

    point_id: int
    unit_id: int
    first: str
    last: str
    body: Body


@dataclass(frozen=True)
class Question:
    """``mean`` 0 to 100 of ``n`` answers. ``since``: asked otherwise before this version of the set; 0: not."""

    text: Mapping[str, str]
    mean: float
    n: int
    since: int = 0


@dataclass(frozen=True)
class ThemeCell:
    """``bad`` and ``good`` None: of too few. ``quotes``: ids of ratings, in no order of time."""

    theme: str
    total: int
    bad: int | None
    good: int | None
    quotes: tuple[int, ...] = ()


def unit(
    session: Session, atoms: Sequence[Atom], points: Mapping[int, ServicePoint], month: str, zone: ZoneInfo
) -> dict[str, Any]:
    """As it is stored."""
    sums: dict[int, Body] = defaultdict(dict)
    for one in atoms:
        day_bodies.add(sums[one.point_id], one.body)
    whole = day_bodies.together(sums.values())
    return {
        "l": day_bodies.levels(whole),
        "parts": _cells(_parts(sums, points)),
        "channels": _cells(dashboards.by_channel(whole)),
        "hours": _cells(dashboards.by_hour(whole, date.fromisoformat(f"{month}-01"), zone)),
        "questions": [[one.text, one.mean, one.n, one.since] for one in _questions(session, sums)],
        "themes": [[one.theme, one.total, one.bad, one.good, list(one.quotes)] for one in _themes(session, atoms)],
    }


def _parts(sums: Mapping[int, Body], points: Mapping[int, ServicePoint]) -> list[Part]:
    """Windows and places by name and all staff together; none at all where one of the staff could subtract their own."""
    staff = [day_bodies.n(body) for point_id, body in sums.items() if points[point_id].kind == STAFF]
    if any(staff) and not groups.is_safe(staff):
        return []
    cells: dict[tuple[str, str], list[int]] = {}
    for point_id, body in sums.items():
        point = points[point_id]
        key = (STAFF, "") if point.kind == STAFF else (str(point_id), point.name)
        known = cells.get(key, [0] * 5)
        cells[key] = [a + b for a, b in zip(known, day_bodies.levels(body), strict=True)]
    return dashboards.table(cells)


def _cells(parts: Sequence[Part]) -> list[list[Any]]:
    """As they are stored: key, name, how many, how many of them satisfied (None: too few)."""
    return [
        [one.key, one.name, one.n, None if one.share is None or one.share.value is None else round(one.share.value * one.share.n / 100)]
        for one in parts
    ]  # fmt: skip


def _questions(session: Session, sums: Mapping[int, Body]) -> list[Question]:
    """Of those who have five answers to a question, where nobody could subtract their own."""
    kept: list[Body] = [{"q": {key: told for key, told in body.get("q", {}).items() if groups.is_enough(told[0])}} for body in sums.values()]  # fmt: skip
    sizes: dict[str, list[int]] = defaultdict(list)
    for body in kept:
        for key, (n, _) in body["q"].items():
            sizes[key].append(n)
    safe = {key for key, several in sizes.items() if groups.is_safe(several)}
    whole = day_bodies.together({"q": {key: told for key, told in one["q"].items() if key in safe}} for one in kept)
    return [
        Question(line.text, round(line.mean, 4), line.n, line.since if line.cut else 0)
        for line in Versions(session).lines(whole)
    ]


def _themes(session: Session, atoms: Sequence[Atom]) -> list[ThemeCell]:
    """What was written in exactly these pieces; a theme of which nobody's share could be subtracted, most blamed first."""
    inside = {(one.point_id, one.unit_id, month) for one in atoms for month in _months(one)}
    first, last = min(one.first for one in atoms), max(one.last for one in atoms)
    twice = set(day_counts.repeated(session, sorted({month for _, _, month in inside})))
    by_theme: dict[str, list[theme_rows.Said]] = defaultdict(list)
    for said in theme_rows.said(session, {one.point_id for one in atoms}, first, last):
        if (said.point_id, said.unit_id, said.period) in inside and said.rating_id not in twice:
            by_theme[said.theme].append(said)
    cells = [cell for theme, several in by_theme.items() if (cell := _theme(theme, several))]
    return sorted(cells, key=lambda one: (-(one.bad or 0), -one.total, one.theme))


def _months(atom: Atom) -> Iterator[str]:
    month = Month.parse(atom.first)
    while str(month) <= atom.last:
        yield str(month)
        month = month.shifted(1)


def _theme(theme: str, several: Sequence[theme_rows.Said]) -> ThemeCell | None:
    sizes: dict[int, int] = defaultdict(int)
    for one in several:
        sizes[one.point_id] += 1
    if not groups.is_safe(list(sizes.values())):
        return None
    bad = sum(one.polarity in (BAD, MIXED) for one in several)
    good = sum(one.polarity == GOOD for one in several)
    told = dict(groups.told({"bad": bad, "good": good, "plain": len(several) - bad - good}).shown)
    if len(several) in told.values():  # all say the same: of the others there are none
        told = {"bad": 0, "good": 0, **told}
    open_to_read = [one for one in several if one.may_be_quoted]
    open_to_read.sort(key=lambda one: hashlib.sha256(one.words.encode()).hexdigest())
    quotes = tuple(one.rating_id for one in open_to_read[:QUOTES])
    return ThemeCell(theme, len(several), told.get("bad"), told.get("good"), quotes)
