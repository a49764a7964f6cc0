"""Every period, of every length and rhythm, in every zone: an instant is in exactly one of them, and none is between two."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.domain import cycles
from feedback_app.domain.cycles import MONTHS, Period, regular_holding, usual_anchor
from feedback_app.domain.periods import Month, local_day
from feedback_app.errors import Refused

ZONES = sorted(available_timezones())
YEARS = (2020, 2060)
TICK = timedelta(microseconds=1)
MONTH = st.builds(Month, st.integers(*YEARS), st.integers(1, 12))
DAY = st.dates(date(YEARS[0], 1, 1), date(YEARS[1], 12, 31))


def test_months_partition_all_time_in_every_zone_of_2020_to_2060() -> None:
    """All of them, not a sample: about 600 zones by 492 month ends, each looked at just before and at it."""
    for name in ZONES:
        zone, month = ZoneInfo(name), Month(YEARS[0], 1)
        start = month.starts(zone)
        while month.year <= YEARS[1]:
            following = month.shifted(1)
            end = following.starts(zone)
            assert start < end == month.ends(zone)
            assert (Month.of(end - TICK, zone), Month.of(end, zone)) == (month, following), (name, str(month))
            month, start = following, end


@given(st.sampled_from(ZONES), MONTH, st.sampled_from(list(MONTHS)), st.integers(0, 11), st.integers(0, 10**9))
@settings(max_examples=300)
def test_so_do_all_longer_periods_in_any_rhythm(
    zone_name: str, month: Month, kind: str, rhythm: int, share: int
) -> None:
    zone, anchor = ZoneInfo(zone_name), Period.of_months(Month(2000, 1).shifted(rhythm), kind)
    period = regular_holding(anchor, month)
    before, after = period.shifted(-1), period.shifted(1)
    assert before is not None and after is not None
    assert before.ends(zone) == period.starts(zone) and period.ends(zone) == after.starts(zone)
    assert month in period.months and len(period.months) == MONTHS[kind]
    assert [regular_holding(anchor, one) for one in period.months] == [period] * MONTHS[kind]
    assert (period.starts(zone), period.ends(zone)) == (period.months[0].starts(zone), period.months[-1].ends(zone))
    seconds = (period.ends(zone) - period.starts(zone)).total_seconds() * share // 10**9
    moment = period.starts(zone) + timedelta(seconds=seconds) - TICK
    holding = [one for one in (before, period, after) if one.starts(zone) <= moment < one.ends(zone)]
    assert holding == [regular_holding(anchor, Month.of(moment, zone))]


@given(MONTH, st.sampled_from(list(MONTHS)))
def test_a_period_is_read_back_as_it_was_written(month: Month, kind: str) -> None:
    period = regular_holding(usual_anchor(kind), month)
    assert Period.parse(str(period)) == period and not period.broken_months


@given(st.sampled_from(ZONES), DAY, st.integers(0, 400), st.integers(1, 400))
@settings(max_examples=300)
def test_two_campaigns_one_after_the_other_share_no_instant_and_no_day(
    zone_name: str, first: date, days: int, more: int
) -> None:
    zone = ZoneInfo(zone_name)
    one = Period.campaign(first, first + timedelta(days=days))
    two = Period.campaign(one.last + timedelta(days=1), one.last + timedelta(days=more))
    assert one.starts(zone) < one.ends(zone) == two.starts(zone) < two.ends(zone)
    assert local_day(one.ends(zone), zone) >= two.first, "where a midnight does not exist the day begins after it"
    assert local_day(one.ends(zone) - TICK, zone) <= one.last
    assert Period.parse(str(one)) == one
    whole = set(one.months) - one.broken_months
    assert all(one.first <= date(month.year, month.number, 1) <= one.last for month in whole)


@given(st.sampled_from(list(MONTHS)), MONTH, st.integers(1, 30), st.sampled_from(ZONES))
@settings(max_examples=60)
def test_what_was_missed_is_due_once_each_and_in_order(kind: str, begin: Month, missed: int, zone_name: str) -> None:
    zone, first = ZoneInfo(zone_name), regular_holding(usual_anchor(kind), begin)
    last = first.shifted(missed - 1)
    assert last is not None
    found = cycles.due(first, "", last.ends(zone), zone, closed=())
    assert len(found) == missed and found == sorted(found)
    assert all(earlier.ends(zone) == later.starts(zone) for earlier, later in zip(found, found[1:], strict=False))
    assert cycles.due(first, "", last.ends(zone) - TICK, zone, closed=()) == found[:-1]
    assert cycles.due(first, "", last.ends(zone), zone, closed=found) == []


@pytest.mark.parametrize(
    "told", ["2026-Q5", "2026-H3", "2026-09..11", "2026-10..09", "2026-02-30..2026-03-01", "26", ""]
)
def test_what_is_no_period_is_refused(told: str) -> None:
    with pytest.raises(Refused):
        Period.parse(told)


def test_two_months_over_new_year() -> None:
    period = Period.parse("2026-12..01")
    assert (period.first, period.last) == (date(2026, 12, 1), date(2027, 1, 31))
    assert datetime(2027, 1, 1, tzinfo=UTC) < period.ends(ZoneInfo("Asia/Shanghai"))
