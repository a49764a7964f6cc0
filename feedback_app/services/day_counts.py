"""The daily counts behind every dashboard: right in the moment they are read, whatever has been folded, and cheap to read."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from feedback_app.db import day_counts, tallies, tally_marks
from feedback_app.db.day_counts import HOSPITAL, NO_UNIT, Alike, PointDay
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain import day_bodies
from feedback_app.domain.day_bodies import Body, Counted
from feedback_app.domain.periods import Month
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import type_of
from feedback_app.domain.validity import Seen, not_counted

__all__ = [
    "HOSPITAL",
    "NO_UNIT",
    "changed",
    "compare",
    "count",
    "fold",
    "of_all_units",
    "of_point",
    "of_unit",
    "rebuild",
    "repeated",
    "store",
]

Stored = dict[tuple[int, date, int], Body]
"""(service point, day, department) -> body."""
Levels = list[int]
"""Counts of one to five stars."""
Worth = Callable[[Any], float | None]
_ONE_BY_ONE = 50  # points of one month; from there on the whole month is read at once


def fold(session: Session, marked: Collection[PointDay]) -> None:
    """Count these days of these points anew, and then the departments and the hospital on those days."""
    store(session, marked, count(session, marked))


def store(session: Session, marked: Collection[PointDay], counted: Stored) -> None:
    keys = {(one.point_id, one.day) for one in marked}
    touched: dict[date, set[int]] = defaultdict(set)
    for _, day, unit_id in (*day_counts.of_points(session, keys), *counted):
        touched[day].add(unit_id)
    day_counts.replace_points(session, keys, counted)
    for day, units in touched.items():
        _fold_units(session, day, units)


def _fold_units(session: Session, day: date, units: Collection[int]) -> None:
    sums: dict[int, Body] = {unit_id: {} for unit_id in units}
    for unit_id, body in day_counts.bodies_of_day(session, day, units):
        day_bodies.add(sums[unit_id], body)
    day_counts.replace_units(session, day, sums)
    others = (body for unit_id, _, body in day_counts.of_all_units(session, day, day))
    day_counts.replace_units(session, day, {HOSPITAL: day_bodies.together(others)})


def count(session: Session, keys: Collection[PointDay]) -> Stored:
    """The bodies of these points and days, counted from the ratings."""
    by_month: dict[str, set[tuple[int, date]]] = defaultdict(set)
    for key in keys:
        by_month[key.period].add((key.point_id, key.day))
    found: Stored = {}
    forms = _Forms(session)
    for period, wanted in by_month.items():
        points = sorted({point_id for point_id, _ in wanted})
        few = points if len(points) <= _ONE_BY_ONE else None
        within = day_counts.Within(period, {day for _, day in wanted}, few)
        several = _repeated(tallies.repeats(session, [period], points=few))
        for version in day_counts.versions(session, within):
            for one in day_counts.alike(session, within, version, list(forms.scored(version or 0)), several):
                if (one.point_id, one.day) in wanted:
                    _put(found, one, forms)
        for point_id, day, unit_id in day_counts.places(session, sorted(several)):
            if (point_id, day) in wanted:
                day_bodies.put_uncounted(found.setdefault((point_id, day, unit_id), {}))
    return found


def repeated(session: Session, months: Sequence[str]) -> Collection[int]:
    """Ratings of these months that do not count, because the same person had rated the same point that day before."""
    return _repeated(tallies.repeats(session, months))


def _repeated(several: Iterable[tallies.Repeat]) -> Collection[int]:
    """Those that do not count, because the same person had rated the same point that day before."""
    return not_counted(Seen(one.id, one.point_id, one.rater, one.day, one.period, one.score) for one in several)


def _put(found: Stored, one: Alike, forms: "_Forms") -> None:
    body = found.setdefault((one.point_id, one.day, one.unit_id), {})
    if one.status == "counted":
        scores = forms.scores(one.version, one.answers)
        day_bodies.put(body, Counted(one.score, one.channel, one.hour, one.version, scores), one.n)
    else:
        day_bodies.put_uncounted(body, one.n)


class _Forms:
    """What each answer of a form is worth; questions without a score (words, dates) are left out."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, dict[str, Worth]] = {}

    def scored(self, version: int) -> Mapping[str, Worth]:
        """Question -> what an answer to it is worth."""
        if version not in self._known:
            stored = self._session.get(QuestionnaireVersion, version) if version else None
            made = from_body(stored.body).questions if stored else ()
            self._known[version] = {
                one.key: lambda value, one=one: type_of(one).score(one, value)  # type: ignore[misc]
                for one in made
                if type_of(one).possible(one) is not None
            }
        return self._known[version]

    def scores(self, version: int, answers: Mapping[str, Any]) -> dict[str, float]:
        worth = self.scored(version)
        given = {key: worth[key](value) for key, value in answers.items() if key in worth}
        return {key: value for key, value in given.items() if value is not None}


def changed(session: Session) -> dict[tuple[date, int], list[tuple[int, Body]]]:
    """What has been rated since the last fold: (day, department) -> service point and the difference to what is stored."""
    marked = tally_marks.marked_days(session)
    keys = {(one.point_id, one.day) for one in marked}
    found: dict[tuple[date, int], list[tuple[int, Body]]] = defaultdict(list)
    for sign, bodies in ((1, count(session, marked)), (-1, day_counts.of_points(session, keys))):
        for (point_id, day, unit_id), body in bodies.items():
            difference: Body = {}
            day_bodies.add(difference, body, sign)
            found[day, unit_id].append((point_id, difference))
    return found


def of_unit(session: Session, unit_id: int, first: date, last: date) -> dict[date, Body]:
    """Every day of a department or HOSPITAL, as of now."""
    found: dict[date, Body] = defaultdict(dict)
    for day, body in day_counts.of_unit(session, unit_id, first, last):
        day_bodies.add(found[day], body)
    for (day, unit), several in changed(session).items():
        if first <= day <= last and unit_id in (HOSPITAL, unit):
            for _, body in several:
                day_bodies.add(found[day], body)
    return {day: body for day, body in found.items() if body}


def of_all_units(session: Session, first: date, last: date) -> dict[int, Levels]:
    """Every department's levels over these days, as of now; the hospital's not."""
    found = _sums(day_counts.levels_of_units(session, first, last))
    for (day, unit_id), several in changed(session).items():
        if first <= day <= last:
            _add_levels(found, ((unit_id, day_bodies.levels(body)) for _, body in several))
    return {unit_id: levels for unit_id, levels in found.items() if any(levels)}


def of_points_of_unit(session: Session, unit_id: int, first: date, last: date) -> dict[int, Levels]:
    """The levels over these days of every service point that belonged to the department, as of now."""
    found = _sums(day_counts.levels_of_points(session, unit_id, first, last))
    for (day, unit), several in changed(session).items():
        if first <= day <= last and unit == unit_id:
            _add_levels(found, ((point_id, day_bodies.levels(body)) for point_id, body in several))
    return {point_id: levels for point_id, levels in found.items() if any(levels)}


def _sums(rows: Iterable[tuple[int, Levels]]) -> dict[int, Levels]:
    found: dict[int, Levels] = {}
    _add_levels(found, rows)
    return found


def _add_levels(found: dict[int, Levels], rows: Iterable[tuple[int, Levels]]) -> None:
    for key, levels in rows:
        known = found.setdefault(key, [0] * 5)
        for place, count in enumerate(levels):
            known[place] += count


def of_point(session: Session, point_id: int, first: date, last: date) -> dict[date, Body]:
    """Every day of one service point, as of now, whichever department it belonged to."""
    found: dict[date, Body] = defaultdict(dict)
    for day, _, body in day_counts.of_point(session, point_id, first, last):
        day_bodies.add(found[day], body)
    for (day, _), several in changed(session).items():
        for point, body in several:
            if point == point_id and first <= day <= last:
                day_bodies.add(found[day], body)
    return {day: body for day, body in found.items() if body}


def compare(session: Session, period: str) -> list[PointDay]:
    """The days of a month whose stored counts are not those of the ratings, what is marked left out: to be folded. In a
    reading transaction, because it reads a whole month."""
    points = tallies.points_of(session, period)
    year, month = (int(part) for part in period.split("-"))
    days = [
        date.fromordinal(one) for one in range(date(year, month, 1).toordinal(), date(year, month, 28).toordinal() + 4)
    ]
    all_days = [PointDay(period, point_id, day) for point_id in points for day in days if day.month == month]
    marked = {(one.point_id, one.day) for one in tally_marks.marked_days(session)}
    now = count(session, all_days)
    before = day_counts.of_points(session, {(one.point_id, one.day) for one in all_days})
    wrong = {key[:2] for key in {*now, *before} if now.get(key) != before.get(key)}
    return [PointDay(period, point_id, day) for point_id, day in sorted(wrong - marked)]


def rebuild(session: Session, current: Month, day: date) -> list[PointDay]:
    """Compare this month, the last one, and an older one each time (all of them in turn) with a full recount, and put right
    what differs; which. The nightly safety net."""
    older = [one for one in tallies.months(session) if one < str(current.shifted(-1))]
    turn = older[day.toordinal() % len(older) :][:1] if older else []
    wrong = [one for period in (str(current), str(current.shifted(-1)), *turn) for one in compare(session, period)]
    if wrong:
        fold(session, wrong)
    return wrong
