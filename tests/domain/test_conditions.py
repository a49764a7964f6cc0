"""The little language of show-if: what it says, what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain.conditions import Both, Compare, Condition, Not, compares, holds, parse, written
from feedback_app.domain.questions._base import Operand
from feedback_app.errors import Refused

VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="\"'"), min_size=1, max_size=8)
COMPARES = st.one_of(
    st.builds(
        lambda key, op, value: Compare(key, op, (value,)),
        st.sampled_from(["a", "b", "q7", "总体"]),
        st.sampled_from(["==", "!=", ">=", "<=", "<", ">"]),
        st.one_of(VALUES, st.sampled_from(["1", "2", "very good", "and", "not", "it's", '"'])),
    ),
    st.builds(lambda values: Compare("a", "in", tuple(values)), st.lists(VALUES, min_size=1, max_size=3)),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARES,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(Both, st.sampled_from(["and", "or"]), inner, inner)),
    max_leaves=6,
)
ANSWERS = st.dictionaries(
    st.sampled_from(["a", "b", "q7"]),
    st.builds(Operand, st.frozensets(st.sampled_from(["1", "x"])), st.sampled_from([None, 1.0, 2.0, 2.5])),
)


@given(CONDITIONS)
def test_what_is_written_is_read_as_the_same(condition: Condition) -> None:
    text = written(condition)
    if len(text) <= 500:
        assert parse(text) == condition


@given(CONDITIONS, ANSWERS)
def test_it_reads_as_logic_does(condition: Condition, answers: dict[str, Operand]) -> None:
    said = holds(condition, answers.get)
    assert holds(Not(condition), answers.get) is not said
    assert holds(Both("and", condition, condition), answers.get) is said
    assert holds(Both("or", condition, Not(condition)), answers.get)


@given(st.text(st.sampled_from("ab1 =!<>()[],&|'\"and or not in 窗\n"), max_size=60) | st.text(max_size=600))
def test_any_text_is_a_condition_or_refused_with_its_place(text: str) -> None:
    try:
        made = parse(text)
    except Refused as refused:
        assert refused.code == "questions.bad_condition" and refused.params["at"] != ""
        return
    assert compares(made)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("7 == 窗口挂号", "7 == 窗口挂号"),
        ("1 <= 2", "1 <= 2"),
        ("kind in (a, b c)", 'kind in (a, "b c")'),
        ("a = 1 && !(b ≥ 3)", "a == 1 and not (b >= 3)"),
        ("a == 1 or b == 2 and c == 3", "a == 1 or (b == 2 and c == 3)"),
        ("7 == 预约挂号（如电话、网络、微信等）", "7 == 预约挂号（如电话、网络、微信等）"),
        ("1 in [A, B]", "1 in (A, B)"),
    ],
)
def test_ways_to_write_it(text: str, same: str) -> None:
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a ==",
        "== a",
        "a == b c ==",
        "(a == 1",
        "a in ()",
        "not",
        "a == 1 and",
        "((((" * 30,
        "x" * 501,
        "a == 'b",
    ],
)
def test_what_it_refuses(text: str) -> None:
    with pytest.raises(Refused, match="bad_condition"):
        parse(text)
