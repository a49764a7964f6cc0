"""When a member of staff may be written to: in the hospital's working hours, on days that are worked."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from feedback_app.domain.workdays import WorkdayTable

_LONGEST_SEARCH = 30


def parse(hours: str) -> tuple[time, time]:
    """``08:30-18:00`` as two times of day. Raises ValueError for anything else, or an end before the beginning."""
    first, _, last = hours.partition("-")
    begins, ends = time.fromisoformat(first), time.fromisoformat(last)
    if ends <= begins:
        raise ValueError(f"working hours must end after they begin: {hours}")
    return begins, ends


def next_working_moment(now: datetime, zone: ZoneInfo, hours: str, is_workday: WorkdayTable) -> datetime:
    """``now`` when it is within working hours, else the next moment at which they begin (UTC).

    Where a year's holidays are not published, Monday to Friday count as worked.
    """
    begins, ends = parse(hours)
    local = now.astimezone(zone)
    for ahead in range(_LONGEST_SEARCH):
        day = local.date() + timedelta(days=ahead)
        worked = is_workday(day)
        if not (day.weekday() < 5 if worked is None else worked):
            continue
        start = datetime.combine(day, begins, zone)
        if ahead == 0 and start <= local < datetime.combine(day, ends, zone):
            return now.astimezone(UTC)
        if start > local:
            return start.astimezone(UTC)
    raise ValueError("no working day within a month")
