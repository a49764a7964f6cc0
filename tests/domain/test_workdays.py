"""The working-day clock against the calendars the State Council published, over year ends, pauses, and a year without one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feedback_app.domain.periods import local_day
from feedback_app.domain.workdays import JOINT_DAYS, SIMPLE_DAYS, Pause, deadline, elapsed, layered
from feedback_app.services.calendar import is_workday

# 国务院办公厅关于 2024、2025、2026 年部分节假日安排的通知, written out by hand: days off, and weekend days that are worked.
OFF = {
    2024: ("01-01", "02-10/02-17", "04-04/04-06", "05-01/05-05", "06-10", "09-15/09-17", "10-01/10-07"),
    2025: ("01-01", "01-28/02-04", "04-04/04-06", "05-01/05-05", "05-31/06-02", "10-01/10-08"),
    2026: ("01-01/01-03", "02-15/02-23", "04-04/04-06", "05-01/05-05", "06-19/06-21", "09-25/09-27", "10-01/10-07"),
}
WORKED = {
    2024: ("02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"),
    2025: ("01-26", "02-08", "04-27", "09-28", "10-11"),
    2026: ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10"),
}
FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)
days = st.dates(FIRST, LAST)
published = st.dates(FIRST, date(2026, 12, 1))
counts = st.sampled_from((0, 1, 2, 3, SIMPLE_DAYS, JOINT_DAYS, 15, 60))


def spans(year: int) -> Iterator[date]:
    for span in OFF[year]:
        first, _, last = span.partition("/")
        day, end = date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year}-{last or first}")
        while day <= end:
            yield day
            day += timedelta(days=1)


def by_the_notice(day: date) -> bool:
    if day in set(spans(day.year)):
        return False
    return day.weekday() < 5 or day in {date.fromisoformat(f"{day.year}-{one}") for one in WORKED[day.year]}


@pytest.mark.parametrize("year", OFF)
def test_every_day_of_the_published_years_is_as_the_notice_says(year: int) -> None:
    every = [
        date(year, 1, 1) + timedelta(days=ahead) for ahead in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
    ]
    assert [day for day in every if is_workday(day) is not by_the_notice(day)] == []


@pytest.mark.parametrize(
    ("received", "working_days", "due"),
    [
        ("2026-09-30", SIMPLE_DAYS, "2026-10-13"),  # seven days off, then a Saturday that is worked
        ("2026-09-30", JOINT_DAYS, "2026-10-20"),
        ("2026-09-18", SIMPLE_DAYS, "2026-09-24"),  # Friday; the Sunday after it is worked
        ("2026-02-13", SIMPLE_DAYS, "2026-02-27"),  # over the Spring Festival, both make-up Saturdays around it
        ("2024-02-09", SIMPLE_DAYS, "2024-02-22"),
        ("2025-12-31", SIMPLE_DAYS, "2026-01-08"),  # over the year end: 1 to 3 January off, Sunday the 4th worked
        ("2024-12-31", JOINT_DAYS, "2025-01-15"),
        ("2026-11-20", SIMPLE_DAYS, "2026-11-27"),
        ("2024-02-29", 1, "2024-03-01"),
    ],
)
def test_known_dates(received: str, working_days: int, due: str) -> None:
    found = deadline(date.fromisoformat(received), working_days, is_workday)
    assert (found.day.isoformat(), found.provisional) == (due, False)


@given(published, counts)
def test_it_is_the_nth_worked_day_after_receipt(received: date, working_days: int) -> None:
    """Counted another way: all worked days after the day of receipt, in a row, by the notices written out above."""
    horizon = date(2026, 12, 31)
    later = [received + timedelta(days=ahead) for ahead in range(1, (horizon - received).days + 1)]
    worked = [day for day in later if by_the_notice(day)]
    assume(len(worked) >= working_days)
    expected = received if working_days == 0 else worked[working_days - 1]
    found = deadline(received, working_days, is_workday)
    assert (found.day, found.provisional) == (expected, False)


@given(days, counts)
def test_it_counts_back_to_what_was_given_and_never_falls_on_a_day_off(received: date, working_days: int) -> None:
    due = deadline(received, working_days, is_workday)
    assert elapsed(received, due.day, is_workday) == working_days
    assert working_days == 0 or is_workday(due.day) is not False
    assert due.day >= received


@given(days, counts)
def test_more_days_and_later_receipt_are_never_due_earlier(received: date, working_days: int) -> None:
    due = [deadline(received, working_days + more, is_workday).day for more in range(3)]
    assert all(first < second for first, second in pairwise(due))
    assert deadline(received + timedelta(days=1), working_days, is_workday).day >= due[0]


@given(st.dates(date(2026, 11, 1), LAST), counts)
def test_a_date_is_provisional_exactly_when_it_reaches_into_a_year_without_a_calendar(
    received: date, count: int
) -> None:
    due = deadline(received, count, is_workday)
    assert due.provisional == (count > 0 and due.day.year >= 2027)


def test_december_before_the_notice_does_not_fail_and_the_notice_settles_it() -> None:
    """29 December 2026: nobody knows yet which days of January 2027 are off."""
    guessed = deadline(date(2026, 12, 29), SIMPLE_DAYS, is_workday)
    assert (guessed.day, guessed.provisional) == (date(2027, 1, 5), True)
    entered = {date(2027, 1, 1): False, date(2027, 1, 3): True}
    told = deadline(date(2026, 12, 29), SIMPLE_DAYS, layered(entered, frozenset({2027}), is_workday))
    assert (told.day, told.provisional) == (date(2027, 1, 5), False)
    in_part = deadline(date(2026, 12, 29), SIMPLE_DAYS, layered(entered, frozenset(), is_workday))
    assert in_part.provisional


@given(published, st.integers(1, 10), st.data())
def test_what_an_administrator_entered_comes_first(received: date, count: int, data: st.DataObject) -> None:
    due = deadline(received, count, is_workday).day
    changed = data.draw(st.dates(received + timedelta(days=1), due))
    worked = bool(is_workday(changed))
    table = layered({changed: not worked}, frozenset(), is_workday)
    moved = deadline(received, count, table).day
    assert moved > due if worked else moved <= due


@given(published, counts, st.integers(0, 40), st.integers(0, 40))
def test_a_pause_moves_the_date_by_just_the_worked_days_inside_it(
    received: date, count: int, start: int, long: int
) -> None:
    since = received + timedelta(days=start)
    pause = Pause(since, since + timedelta(days=long))
    plain = deadline(received, count, is_workday).day
    paused = deadline(received, count, is_workday, [pause]).day
    assert elapsed(received, paused, is_workday, [pause]) == count
    assert paused >= plain
    if since >= plain:
        assert paused == plain
    assert deadline(received, count, is_workday, [Pause(since)]).day == plain  # still standing: as if it went on today


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 30)),  # noqa: DTZ001 - given its zone below
    st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "UTC", "America/St_Johns", "Pacific/Kiritimati"]),
)
def test_the_day_of_receipt_is_the_hospitals_own(moment: datetime, zone: str) -> None:
    at = moment.replace(tzinfo=UTC)
    day = local_day(at, ZoneInfo(zone))
    assert day == at.astimezone(ZoneInfo(zone)).date()
    assert deadline(day, SIMPLE_DAYS, is_workday).day > day


def test_minutes_around_midnight_belong_to_different_days() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    before, after = datetime(2026, 9, 29, 15, 59, tzinfo=UTC), datetime(2026, 9, 29, 16, 0, tzinfo=UTC)
    assert [local_day(one, shanghai) for one in (before, after)] == [date(2026, 9, 29), date(2026, 9, 30)]
    due = [deadline(local_day(one, shanghai), SIMPLE_DAYS, is_workday).day for one in (before, after)]
    assert due == [date(2026, 10, 12), date(2026, 10, 13)]


def test_impossible_counts_and_calendars_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        deadline(date(2026, 1, 1), -1, is_workday)
    with pytest.raises(ValueError, match="no working day"):
        deadline(date(2026, 1, 1), 1, lambda day: False)
