"""The working-day clock of complaints (医疗机构投诉管理办法: 5 working days, 10 when several departments are involved)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WorkdayTable = Callable[[date], bool | None]
"""Whether a day is worked; None when that year's holidays are not published yet."""

SIMPLE_DAYS = 5
JOINT_DAYS = 10
_LONGEST_SEARCH = 1500  # calendar days; a pause may take long (an outside examination, a court)


@dataclass(frozen=True)
class Deadline:
    day: date
    provisional: bool  # some day on the way was guessed from the weekday alone


@dataclass(frozen=True)
class Pause:
    """The clock stands still after the day it was stopped and until the day it goes on; both of these days count."""

    since: date
    until: date | None = None  # None: still standing

    def holds(self, day: date) -> bool:
        return self.since < day and (self.until is None or day < self.until)


def layered(overrides: Mapping[date, bool], complete: frozenset[int], published: WorkdayTable) -> WorkdayTable:
    """What an administrator entered comes first, then the published table.

    ``complete``: years of which all exceptions have been entered; their other days go by the weekday, and nothing of them
    is provisional any more.
    """

    def is_workday(day: date) -> bool | None:
        entered = overrides.get(day)
        if entered is not None:
            return entered
        return day.weekday() < 5 if day.year in complete else published(day)

    return is_workday


def deadline(received_on: date, working_days: int, is_workday: WorkdayTable, pauses: Sequence[Pause] = ()) -> Deadline:
    """The last day to answer: ``working_days`` working days after ``received_on``, which itself does not count.

    Days on which the clock stands still (``pauses``) do not count either; a pause without an end is left out: the date is
    what it would be if the clock went on today. Raises ValueError for a negative count or a table without working days.
    """
    if working_days < 0:
        raise ValueError("working days cannot be negative")
    ended = [pause for pause in pauses if pause.until is not None]
    day, left, guessed = received_on, working_days, False
    for _ in range(_LONGEST_SEARCH):
        if left == 0:
            return Deadline(day, guessed)
        day += timedelta(days=1)
        worked = is_workday(day)
        if worked is None:
            guessed = True
            worked = day.weekday() < 5
        left -= worked and not any(pause.holds(day) for pause in ended)
    raise ValueError("no working day within four years")


def elapsed(since: date, until: date, is_workday: WorkdayTable, pauses: Sequence[Pause] = ()) -> int:
    """Working days after ``since`` up to and with ``until`` on which the clock went; 0 when ``until`` is not later."""
    days = (since + timedelta(days=ahead) for ahead in range(1, (until - since).days + 1))
    return sum(_works(day, is_workday) and not any(pause.holds(day) for pause in pauses) for day in days)


def _works(day: date, is_workday: WorkdayTable) -> bool:
    worked = is_workday(day)
    return day.weekday() < 5 if worked is None else worked
