"""Sensitive visits: what the rules mute, for every set of rules and every visit."""

from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain.quiet_visits import LOSS, REASONS, Rule, Visit, fits, muting
from feedback_app.services.quiet_visits import presets

WORDS = st.sampled_from(["", "精神", "心理", "儿科", "收费"])
rules = st.builds(
    Rule,
    why=st.sampled_from(REASONS),
    department_id=st.none() | st.integers(1, 3),
    word=WORDS,
    outcome=st.sampled_from(["", LOSS]),
    under_age=st.none() | st.integers(1, 18),
)
visits = st.builds(
    Visit,
    place=st.sampled_from(["1号收费窗口", "心理门诊", "张伟"]),
    department=st.sampled_from(["", "精神科", "儿科"]),
    department_id=st.none() | st.integers(1, 3),
    outcome=st.sampled_from(["", LOSS]),
    age=st.none() | st.integers(0, 90),
    with_guardian=st.booleans(),
)


@given(st.lists(rules), rules, visits)
def test_one_more_rule_never_lets_anything_through(some: list[Rule], more: Rule, visit: Visit) -> None:
    if muting(some, visit):
        assert muting([*some, more], visit) and muting([more, *some], visit)


@given(st.lists(rules), visits)
def test_the_order_of_the_rules_does_not_decide(some: list[Rule], visit: Visit) -> None:
    assert (
        (muting(some, visit) is None) == (muting(some[::-1], visit) is None) == (not any(fits(r, visit) for r in some))
    )


@given(visits)
def test_a_rule_that_says_nothing_mutes_nothing(visit: Visit) -> None:
    assert muting([Rule("other")], visit) is None and muting([], visit) is None


@given(rules, visits, st.integers(0, 90))
def test_a_guardian_and_a_later_birthday_never_mute(rule: Rule, visit: Visit, older: int) -> None:
    """What mutes an accompanied or older patient mutes the same one alone or younger too."""
    alone = Visit(visit.place, visit.department, visit.department_id, visit.outcome, older, with_guardian=False)
    with_one = Visit(visit.place, visit.department, visit.department_id, visit.outcome, older, with_guardian=True)
    child = Visit(visit.place, visit.department, visit.department_id, visit.outcome, min(older, 1), with_guardian=False)
    assert not fits(rule, with_one) or fits(rule, alone)
    assert not fits(rule, alone) or fits(rule, child)


def test_what_we_ship_mutes_loss_psychiatry_and_children_alone_and_nothing_else() -> None:
    own = presets()
    assert muting(own, Visit("产科病房", "产科", outcome=LOSS))
    assert muting(own, Visit("心理门诊")) and muting(own, Visit("李医生", "精神科"))
    assert muting(own, Visit("儿科门诊", "儿科", age=13)) and not muting(own, Visit("儿科门诊", "儿科", age=14))
    assert not muting(own, Visit("儿科门诊", "儿科", age=13, with_guardian=True))
    assert not muting(own, Visit("1号收费窗口", "收费处")) and not muting(own, Visit("儿科门诊", "儿科"))
