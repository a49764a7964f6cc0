"""Weeks of a chart: from Monday to Sunday, whole ones only. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)


@dataclass(frozen=True, order=True)
class Week:
    """``monday`` to the Sunday after it."""

    monday: date

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def label(self) -> str:
        """As it fits under a chart: 11-02."""
        return f"{self.monday:%m-%d}"


def week_of(day: date) -> Week:
    return Week(day - timedelta(days=day.weekday()))


def whole_weeks(last: date, count: int) -> list[Week]:
    """The ``count`` weeks that are over when ``last`` is over, oldest first."""
    newest = week_of(last + timedelta(days=1)).monday - WEEK
    return [Week(newest - WEEK * back) for back in range(count - 1, -1, -1)]


def days_of(weeks: Iterable[Week]) -> list[list[date]]:
    return [[one.monday + timedelta(days=at) for at in range(7)] for one in weeks]
