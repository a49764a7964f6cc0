"""The working-day clock of complaints (医疗机构投诉管理办法: 5 working days, 10 when several departments are involved)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

WorkdayTable = Callable[[date], bool | None]
"""Whether a day is worked; None when that year's holidays are not published yet."""

SIMPLE_DAYS = 5
JOINT_DAYS = 10
_LONGEST_SEARCH = 366


@dataclass(frozen=True)
class Deadline:
    day: date
    provisional: bool  # some day on the way was guessed from the weekday alone


def deadline(received_on: date, working_days: int, is_workday: WorkdayTable) -> Deadline:
    """The last day to answer: ``working_days`` working days after ``received_on``, which itself does not count.

    Raises ValueError for a negative count or a table without working days.
    """
    if working_days < 0:
        raise ValueError("working days cannot be negative")
    day, left, guessed = received_on, working_days, False
    for _ in range(_LONGEST_SEARCH):
        if left == 0:
            return Deadline(day, guessed)
        day += timedelta(days=1)
        worked = is_workday(day)
        if worked is None:
            guessed = True
            worked = day.weekday() < 5
        left -= worked
    raise ValueError("no working day within a year")
