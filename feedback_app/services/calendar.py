"""Which days are worked in China: an administrator's entries, over the published holidays and moved workdays (调休)."""

from datetime import date

import chinese_calendar
from sqlalchemy.orm import Session

from feedback_app.db import workdays as entered
from feedback_app.domain.workdays import WorkdayTable, layered


def is_workday(day: date) -> bool | None:
    """The published table; None when the State Council has not published that year yet (it then ends the year before)."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def table(session: Session) -> WorkdayTable:
    """Whether a day is worked in this hospital, read once."""
    return layered(entered.overrides(session), entered.complete_years(session), is_workday)
