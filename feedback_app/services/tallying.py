"""The counts behind every leaderboard, fresh whenever they are read, and cheap however many ratings there are.

A body is ``[[n1 … n5], [v1 … v5], {reason: n}]``: ratings that count without and with a proven visit, by level, and those
that do not count, by reason. What has changed since a tally was stored is counted from the ratings themselves.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from feedback_app.db import tallies, tally_marks
from feedback_app.db.tally_marks import Key, Mark
from feedback_app.domain.cycles import Period
from feedback_app.domain.validity import Seen, not_counted
from feedback_app.services import day_counts

Body = list[Any]
FOLDED_AT_ONCE = 50_000  # marks in one transaction
_ONE_BY_ONE = 50  # keys of one month; from there on the whole month is read at once


def bodies(session: Session, months: Collection[str]) -> dict[Key, Body]:
    """What every service point has in these months, as of now."""
    changed = tally_marks.marked(session, months)
    found = {(period, point): body for period, point, body in tally_marks.stored(session, months)}
    found.update(count(session, changed))
    return {key: body for key, body in found.items() if not _is_empty(body)}


def is_needed(session: Session) -> bool:
    """Whether anything has changed since the last fold; cheap."""
    return tally_marks.has_marks(session)


def fold(session: Session, most: int = FOLDED_AT_ONCE) -> int:
    """Bring stored tallies up to date; how many months and points were counted."""
    tally_marks.alone(session)
    marked = tally_marks.take(session, most)
    changed = {(one.period, one.point_id) for one in marked}
    tally_marks.store(session, count(session, changed))
    day_counts.fold(session, marked)
    return len(changed)


@dataclass(frozen=True)
class Looked:
    """Marks, and what is to be stored for them."""

    marks: Sequence[Mark]
    tallies: Mapping[Key, Body]
    days: day_counts.Stored


def look(session: Session, most: int = FOLDED_AT_ONCE) -> Looked | None:
    """Count for a fold without holding up anybody: on SQLite, where ratings would wait. Needs one view of all of it."""
    if not tally_marks.come_in_order(session):
        return None
    marks = tally_marks.oldest(session, most)
    points = {one.of for one in marks}
    changed = {(one.period, one.point_id) for one in points}
    return Looked(marks, count(session, changed), day_counts.count(session, points))


def write(session: Session, looked: Looked) -> bool:
    """Store what was counted. False, and nothing done, when others have folded meanwhile: theirs is newer."""
    tally_marks.alone(session)
    if not tally_marks.remove(session, looked.marks):
        return False
    tally_marks.store(session, dict(looked.tallies))
    day_counts.store(session, {one.of for one in looked.marks}, looked.days)
    return True


def rebuild(session: Session) -> list[Key]:
    """Compare every stored tally with a full recount and put right what differs; which. The nightly safety net."""
    tally_marks.alone(session)
    wrong = []
    for month in tallies.months(session):
        before = {(period, point): body for period, point, body in tally_marks.stored(session, [month])}
        keys = {*before, *((month, point) for point in tallies.points_of(session, month))}
        keys -= tally_marks.marked(session, [month])
        now = count(session, keys)
        differing = {key: now[key] for key in keys if now[key] != before.get(key, _empty())}
        tally_marks.store(session, differing)
        wrong += sorted(differing)
    return wrong


def count(session: Session, keys: Collection[Key]) -> dict[Key, Body]:
    """The bodies of these months and points, counted from the ratings."""
    found = {key: _empty() for key in keys}
    by_month: dict[str, list[int]] = defaultdict(list)
    for period, point_id in keys:
        by_month[period].append(point_id)
    for period, points in by_month.items():
        only = points if len(points) <= _ONE_BY_ONE else None
        several = tallies.repeats(session, [period], points=only)  # first: what is taken away has been counted then
        _add(found, tallies.counts(session, [period], points=only), several)
    return found


def of_days(session: Session, period: Period) -> dict[Key, Body]:
    """What every service point has on the days of this period in the months of which it has only some days."""
    months = [str(month) for month in sorted(period.broken_months)]
    several = [one for one in tallies.repeats(session, months) if period.first <= one.day <= period.last]
    counts = tallies.counts(session, months, days=(period.first, period.last))
    found = {(one.period, one.point_id): _empty() for one in counts}
    _add(found, counts, several)
    return found


def _add(found: Mapping[Key, Body], counts: Iterable[tallies.Count], several: Iterable[tallies.Repeat]) -> None:
    """Put counts where they belong; what is not asked for is left out."""
    for one in counts:
        body = found.get((one.period, one.point_id))
        if body is not None and one.status == "counted":
            body[1 if one.verified else 0][one.score - 1] += one.ratings
        elif body is not None:
            body[2][one.status] = body[2].get(one.status, 0) + one.ratings
    for repeat, reason in repeated(several):
        body = found.get((repeat.period, repeat.point_id))
        if body is not None:
            body[0][repeat.score - 1] -= 1
            body[2][reason] = body[2].get(reason, 0) + 1


def repeated(found: Iterable[tallies.Repeat]) -> list[tuple[Seen, str]]:
    """Those of the repeated ratings that do not count because the same person had rated the same point that day before,
    with the reason."""
    several = {one.id: Seen(one.id, one.point_id, one.rater, one.day, one.period, one.score) for one in found}
    return [(several[rating_id], reason) for rating_id, reason in not_counted(several.values()).items()]


def _empty() -> Body:
    return [[0] * 5, [0] * 5, {}]


def _is_empty(body: Body) -> bool:
    return not any(body[0]) and not any(body[1]) and not body[2]
