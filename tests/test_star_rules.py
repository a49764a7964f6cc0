"""Rules around the score: which ratings count, who takes part, what a scheme may say, what is made public, when to write."""

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_app.domain import thanks
from feedback_app.domain.awards import League, Scheme, parse, to_body
from feedback_app.domain.boards import LeagueResult, Row, public_rows
from feedback_app.domain.cycles import Period
from feedback_app.domain.eligibility import Member, league_of, why_not
from feedback_app.domain.periods import Month
from feedback_app.domain.validity import Seen, not_counted
from feedback_app.domain.working_hours import next_working_moment
from feedback_app.errors import Refused
from feedback_app.services import awards, calendar

DAY = date(2026, 10, 5)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def seen(number: int, rater: str | None = "r", score: int = 5, status: str = "counted", day: date = DAY) -> Seen:
    return Seen(number, 1, rater, day, "2026-10", score, status)


def test_of_one_person_point_and_day_the_first_counts_whatever_its_level() -> None:
    assert not_counted([seen(2, score=5), seen(1, score=1), seen(3, day=date(2026, 10, 6))]) == {2: "same_day"}
    assert not_counted([seen(2, score=1), seen(1, score=5)]) == {2: "same_day"}


def test_unknown_people_are_never_taken_for_the_same() -> None:
    assert not_counted([seen(1, None), seen(2, None)]) == {}


def test_a_withdrawn_rating_does_not_take_the_place_of_the_next() -> None:
    assert not_counted([seen(1, status="withdrawn"), seen(2)]) == {1: "withdrawn"}


@pytest.mark.parametrize(
    ("changes", "league", "reason"),
    [
        ({}, {}, None),
        ({"active": False}, {}, "left"),
        ({"duty": "科副主任"}, {}, None),
        ({"duty": "科副主任"}, {"heads": False}, "head"),
        ({"duty": "护士长"}, {"heads": False}, "head"),
        ({}, {"tenure_months": 3}, "no_hire_date"),
        ({"hire_date": date(2026, 7, 31)}, {"tenure_months": 3}, None),  # inclusive
        ({"hire_date": date(2026, 8, 1)}, {"tenure_months": 3}, "tenure"),
        ({"hire_date": date(2025, 11, 30)}, {"tenure_months": 3}, None),
    ],
)
def test_eligibility(changes: dict[str, Any], league: dict[str, Any], reason: str | None) -> None:
    member = Member(**{"point_id": 1, "key": "D01", "name": "张伟", "kind": "staff", "category": "医师", **changes})
    rules = League(key="doctors", title={"zh": "医生", "en": "Doctors"}, kind="staff", categories=("医师",), **league)
    assert why_not(member, rules, Period.parse("2026-10")) == reason


def test_every_category_of_the_preset_has_one_league() -> None:
    leagues = awards.presets()["monthly"].leagues
    kinds = [
        ("staff", "医师"),
        ("staff", "护理"),
        ("staff", "收费"),
        ("staff", "药学"),
        ("window", "挂号"),
        ("logistics", ""),
    ]
    found = [league_of(Member(1, "k", "n", kind, category), leagues) for kind, category in kinds]
    assert [one.key if one else None for one in found] == [
        "doctors",
        "nurses",
        "counter",
        "technicians",
        "windows",
        "logistics",
    ]
    assert league_of(Member(1, "k", "n", "staff", "行政"), leagues) is None


def body(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(to_body(awards.presets()["monthly"]))), **changes}


def test_frozen_rules_are_read_back_equal() -> None:
    assert parse(body()) == awards.presets()["monthly"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"shares": [{"kind": "patient_ratings", "weight": 90}]}, "shares.weight"),
        ({"shares": [{"kind": "votes", "weight": 100}]}, "shares.kind"),
        ({"verification": "perhaps"}, "verification"),
        ({"minimum": 0}, "minimum"),
        ({"month_weights": [1, 2]}, "month_weights"),
        ({"title": {"zh": "只有中文"}}, "title"),
        ({"key": "../x"}, "key"),
        ({"starts": "2026-13"}, "starts"),
        ({"period": "fortnight"}, "period"),
        ({"leagues": []}, "leagues"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_scheme_that_could_not_be_computed_is_refused_with_the_field(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(body(**changes))
    assert refused.value.code == "stars.bad_scheme"
    assert what in str(refused.value.params["what"])


def test_leagues_that_overlap_are_refused() -> None:
    first = {"key": "a", "title": {"zh": "甲", "en": "A"}, "kind": "staff", "categories": ["医师"]}
    with pytest.raises(Refused):
        parse(body(leagues=[first, {**first, "key": "b", "categories": []}]))


def row(place: int, rank: int | None = None) -> Row:
    return Row("l", place, str(place), "n", "d", True, 0, 90, 90, 99, 0.9, 1, 99, 0, (), rank=rank or place)


def board(*rows: Row) -> LeagueResult:
    return LeagueResult("l", {}, rows)


def test_never_more_than_the_upper_half_is_public() -> None:
    assert [len(public_rows(board(*(row(n) for n in range(1, size + 1))), 10)) for size in (0, 1, 5, 12, 40)] == [
        0,
        1,
        3,
        6,
        10,
    ]


def test_equal_scores_are_not_cut_apart() -> None:
    tied = board(row(1), row(2), row(3, 3), row(4, 3), row(5), row(6))
    assert [one.rank for one in public_rows(tied, 3)] == [1, 2]
    all_first = board(*(row(n, 1) for n in range(1, 7)))
    assert len(public_rows(all_first, 3)) == 6


@pytest.mark.parametrize(
    ("words", "fit"),
    [
        ("讲得很清楚，谢谢您", True),
        ("好", False),
        ("谢谢，我的电话13800001234", False),
        ("比李建国好多了，谢谢", False),
        ("谢谢，１３８００００１２３４", False),
        ("人很好，就是等了太久", False),
        ("很" * 200, False),
    ],
)
def test_thank_you_texts_are_screened(words: str, fit: bool) -> None:
    assert thanks.is_fit(words, ["李建国"]) is fit


def test_the_longest_fit_text_is_chosen() -> None:
    assert thanks.choose(["谢谢张医生", "讲得很清楚，很耐心", "加我微信号abc"], []) == "讲得很清楚，很耐心"
    assert thanks.choose(["差"], []) == ""
    assert thanks.choose(["谢谢张伟医生"], ["张伟", "李建国"], own="张伟") == "谢谢张伟医生"


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-02T00:00+08:00", "2026-11-02T08:30+08:00"),  # Monday midnight
        ("2026-11-02T09:15+08:00", "2026-11-02T09:15+08:00"),  # at work
        ("2026-11-02T18:00+08:00", "2026-11-03T08:30+08:00"),  # half-open
        ("2026-11-06T20:00+08:00", "2026-11-09T08:30+08:00"),  # Friday evening
        ("2026-10-01T10:00+08:00", "2026-10-08T08:30+08:00"),  # National Day week
        ("2026-09-20T10:00+08:00", "2026-09-20T10:00+08:00"),  # a Sunday that is worked (调休)
    ],
)
def test_people_are_written_to_in_working_hours(now: str, then: str) -> None:
    moment = datetime.fromisoformat(now)
    found = next_working_moment(moment, SHANGHAI, "08:30-18:00", calendar.is_workday)
    assert found == datetime.fromisoformat(then)


ZONES = sorted(available_timezones())


@given(st.sampled_from(ZONES), st.integers(2_700_000, 2_870_000_000))  # February 1970 to December 2060
@settings(max_examples=300)
def test_every_instant_is_in_exactly_one_month(zone_name: str, seconds: int) -> None:
    _in_one_month(ZoneInfo(zone_name), datetime.fromtimestamp(seconds, UTC))


@given(st.sampled_from(ZONES), st.integers(1970, 2060), st.integers(1, 12), st.integers(-7200, 7200))
@settings(max_examples=300)
def test_so_is_every_instant_around_a_month_end(zone_name: str, year: int, number: int, seconds: int) -> None:
    zone = ZoneInfo(zone_name)
    start = Month(year, number).starts(zone)
    _in_one_month(zone, datetime.fromtimestamp(start.timestamp() + seconds, UTC))


@pytest.mark.parametrize(
    ("zone_name", "around"),
    [
        ("America/St_Johns", "2009-11-01T02:31:00+00:00"),  # 00:01 on the 1st goes back to 23:01 in October
        ("America/Asuncion", "2023-10-01T04:00:00+00:00"),  # midnight of the 1st does not exist
        ("Asia/Shanghai", "1991-09-14T17:00:00+00:00"),
        ("Pacific/Apia", "2011-12-30T10:00:00+00:00"),  # a day that never was
    ],
)
def test_history_that_bites(zone_name: str, around: str) -> None:
    middle = datetime.fromisoformat(around).timestamp()
    for seconds in range(-7200, 7201, 600):
        _in_one_month(ZoneInfo(zone_name), datetime.fromtimestamp(middle + seconds, UTC))


def _in_one_month(zone: ZoneInfo, moment: datetime) -> None:
    month = Month.of(moment, zone)
    assert month.starts(zone) <= moment < month.ends(zone)
    assert month.ends(zone) == month.shifted(1).starts(zone)


def test_every_scheme_that_comes_with_the_program_is_sound() -> None:
    assert all(isinstance(one, Scheme) and one.key == key for key, one in awards.presets().items())
