"""Phases: days that never overlap, every instant in one phase at most, locks outside, reminders inside."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain import phases
from feedback_app.domain.phases import KINDS, Phase
from feedback_app.errors import Conflict, Refused
from feedback_app.services import rounds

ZONE = ZoneInfo("Asia/Shanghai")
ZONES = st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "America/St_Johns", "Pacific/Kiritimati", "Africa/Cairo"])
LENGTHS = st.lists(st.integers(1, 40), min_size=len(KINDS), max_size=len(KINDS))
FIRST = st.dates(date(2020, 1, 1), date(2060, 12, 31))


def made(*spans: tuple[str, int, int]) -> list[Phase]:
    return [Phase(kind, date(2026, 8, first), date(2026, 8, last)) for kind, first, last in spans]


def refused(spans: Sequence[Phase]) -> str:
    with pytest.raises(Refused) as error:
        phases.checked(spans)
    return error.value.code


def test_overlapping_phases_are_refused_and_the_day_is_named() -> None:
    with pytest.raises(Refused) as error:
        phases.checked(made(("nomination", 1, 7), ("vote", 7, 20)))
    assert error.value.code == "rounds.phases_overlap"
    assert error.value.params == {"phase": "vote", "after": "nomination", "day": "2026-08-07"}


def test_what_cannot_be_a_plan() -> None:
    assert refused([]) == "rounds.no_phases"
    assert refused(made(("vote", 1, 2), ("vote", 3, 4))) == "rounds.phase_twice"
    assert refused(made(("party", 1, 2))) == "rounds.phase_twice"
    assert refused(made(("vote", 5, 4))) == "rounds.phase_backwards"
    assert refused(made(("vote", 1, 2), ("nomination", 5, 6))) == "rounds.phase_order"
    assert refused([Phase("vote", date(2026, 1, 1), date(2027, 12, 1))]) == "rounds.phase_too_long"


def test_phases_come_back_in_the_order_of_the_plans() -> None:
    told = made(("vote", 10, 12), ("publicity", 1, 2), ("publication", 20, 25))
    assert [one.kind for one in phases.checked(told)] == ["publicity", "vote", "publication"]


@given(LENGTHS, FIRST, ZONES)
def test_a_proposal_has_every_phase_and_every_day_once(lengths: list[int], first: date, zone: str) -> None:
    proposed = phases.proposed(list(zip(KINDS, lengths, strict=True)), first)
    assert [one.days for one in proposed] == lengths
    assert proposed[0].first == first
    here = ZoneInfo(zone)
    for before, after in zip(proposed, proposed[1:], strict=False):
        assert before.ends(here) == after.begins(here)


@given(LENGTHS, FIRST, ZONES, st.integers(-3 * 86400, 300 * 86400))
def test_an_instant_belongs_to_one_phase_at_most(lengths: list[int], first: date, zone: str, seconds: int) -> None:
    proposed, here = phases.proposed(list(zip(KINDS, lengths, strict=True)), first), ZoneInfo(zone)
    now = proposed[0].begins(here) + timedelta(seconds=seconds)
    assert sum(one.holds(now, here) for one in proposed) == (proposed[0].begins(here) <= now < proposed[-1].ends(here))
    states = [one.state(now, here) for one in proposed]
    assert states == sorted(states, key=["over", "running", "coming"].index)


def test_a_lock_opens_with_the_first_midnight_and_closes_with_the_last() -> None:
    plan = phases.checked(made(("nomination", 3, 9), ("vote", 12, 20)))

    def at(day: str) -> datetime:
        return datetime.fromisoformat(f"2026-08-{day}+08:00")

    for moment in ("03T00:00:00", "09T23:59:59"):
        assert phases.require(plan, "nominate", at(moment), ZONE).kind == "nomination"
    for moment, code in (("02T23:59:59", "rounds.too_early"), ("10T00:00:00", "rounds.too_late")):
        with pytest.raises(Conflict) as error:
            phases.require(plan, "nominate", at(moment), ZONE)
        assert error.value.code == code
    with pytest.raises(Conflict) as error:
        phases.require(plan, "score", at("05T12:00:00"), ZONE)
    assert error.value.code == "rounds.not_planned"
    assert phases.current(plan, at("10T12:00:00"), ZONE) is None
    following = phases.following(plan, at("10T12:00:00"), ZONE)
    assert following is not None and following.kind == "vote"


@given(LENGTHS, FIRST, st.integers(0, 30))
def test_reminders_fall_into_their_phase_and_none_comes_twice(lengths: list[int], first: date, ahead: int) -> None:
    proposed = phases.proposed(list(zip(KINDS, lengths, strict=True)), first)
    told = phases.reminders(proposed, ahead)
    assert len({(one.kind, one.about) for one in told}) == len(told)
    for one in told:
        phase = phases.of_kind(proposed, one.kind)
        assert phase is not None and phase.first <= one.day <= phase.last
        assert one.about == "begins" or one.day > phase.first or ahead == phase.days - 1


@pytest.mark.parametrize("preset", list(rounds.presets()))
def test_every_preset_gives_a_plan_that_holds(preset: str) -> None:
    rules = rounds.proposal(preset, date(2026, 8, 1))
    assert rules.title.startswith("2026 ")
    assert sum(rules.shares.values()) == 100
    assert sum(one.most for one in rules.items) == 100


def test_the_two_months_of_the_five_star_doctor_plan() -> None:
    rules = rounds.proposal("five_star_doctor", date(2026, 8, 1))  # P4: 8.1 to 9.30
    assert rules.phases[-1].last == date(2026, 9, 30)
    assert [one.kind for one in rules.phases] == [
        "publicity", "nomination", "first_review", "vote", "expert_review", "publication",
    ]  # fmt: skip
    assert phases.of_kind(rules.phases, "nomination").days == 7  # type: ignore[union-attr]
