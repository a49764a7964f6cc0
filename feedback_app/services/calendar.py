"""Which days are worked in China: the published holidays and moved workdays (调休)."""

from datetime import date

import chinese_calendar


def is_workday(day: date) -> bool | None:
    """None when the State Council has not published that year yet (the table then ends the year before)."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None
