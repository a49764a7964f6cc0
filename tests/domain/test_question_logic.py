"""Conditions inside a question set: what can never work is refused with its place; draws cover everything; scores are fair."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_app.domain.answers import read_answers
from feedback_app.domain.question_logic import check_logic, drawn, effort
from feedback_app.domain.question_scores import dimension_scores, positive_share, question_score
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import Questionnaire, level
from feedback_app.errors import Refused

OVERALL = {"key": "overall", "kind": "level", "text": {"zh": "总的"}}


def ask(key: str, kind: str = "single", **more: Any) -> dict[str, Any]:
    options = [{"value": value, "text": {"zh": f"答{value}"}} for value in "abc"] if kind == "single" else []
    return {"key": key, "kind": kind, "text": {"zh": key}, "options": options, **more}


def made(*questions: dict[str, Any], **more: Any) -> Questionnaire:
    return from_body({"key": "k", "title": {"zh": "题"}, "question": [OVERALL, *questions], **more})


@pytest.mark.parametrize(
    ("questions", "code", "place"),
    [
        ([ask("x", show_if="y == a"), ask("y", show_if="z == a"), ask("z", show_if="x == a")], "cycle", "x"),
        ([ask("x", show_if="x == a")], "cycle", "x"),
        ([ask("x", show_if="nowhere == 1")], "unknown_reference", "x"),
        ([ask("h", "section"), ask("x", show_if="h == 1")], "unknown_reference", "x"),
        ([ask("x", show_if="y == a"), ask("y")], "later_reference", "x"),
        ([ask("x"), ask("y", show_if="x == d")], "unknown_answer", "y"),
        ([ask("x"), ask("y", show_if="x >= much")], "unknown_answer", "y"),
        ([ask("x"), ask("y", show_if="x == a and x == b")], "dead_branch", "y"),
        ([ask("x", show_if="overall >= 4"), ask("y", show_if="x == a and overall <= 2")], "dead_branch", "y"),
        ([ask("n", "number", most=10), ask("y", show_if="n > 10")], "dead_branch", "y"),
        ([ask("n", "scale"), ask("y", show_if="n > 10")], "dead_branch", "y"),
        ([ask("x", show_if="overall >= 6")], "dead_branch", "x"),
    ],
)
def test_what_can_never_work_is_refused_with_its_place(questions: list[Any], code: str, place: str) -> None:
    with pytest.raises(Refused) as refused:
        check_logic(made(*questions))
    assert (refused.value.code, refused.value.params["key"]) == (f"questions.{code}", place)


def test_what_can_work_is_not_refused() -> None:
    check_logic(
        made(
            ask("low", show_if="overall <= 2"),
            ask("high", show_if="overall >= 4"),
            ask("n", "number"),
            ask("long", show_if="n >= 30 and (low == a or not high in (b, c))"),
            ask("t", "text"),
            ask("u", show_if="t == 谢谢"),
        )
    )


def test_a_question_whose_condition_does_not_hold_is_not_looked_at() -> None:
    one = made(ask("low", show_if="overall <= 2"), ask("more", show_if="low == a"))
    assert read_answers(one, {"overall": ["5"], "low": ["a"], "more": ["forged"]}).values == {"overall": 5}
    read = read_answers(one, {"overall": ["1"], "low": ["a"], "more": ["b"], "nowhere": ["x"]})
    assert read.values == {"overall": 1, "low": "a", "more": "b"}
    with pytest.raises(Refused):
        read_answers(one, {"overall": ["1"], "low": ["a"], "more": ["forged"]})


def test_two_of_twenty_are_drawn_the_same_for_the_same_form_and_all_of_them_over_many() -> None:
    one = made(*(ask(f"g{n}", group="g") for n in range(20)), group=[{"key": "g", "ask": 2}])
    counts: Counter[str] = Counter()
    for form in range(3000):
        keys = [q.key for q in drawn(one, f"form-{form}")]
        assert keys == [q.key for q in drawn(one, f"form-{form}")]
        assert (len(keys), keys[0]) == (3, "overall")
        counts.update(keys[1:])
    assert len(counts) == 20
    assert min(counts.values()) >= 230 and max(counts.values()) <= 370  # 300 expected, sd 16.4: beyond 4 sd
    asked = [q.key for q in drawn(one, "form-1")]
    everything = {f"g{n}": ["a"] for n in range(20)} | {"overall": ["3"]}
    assert list(read_answers(one, everything, "form-1").values) == asked


@pytest.mark.parametrize(
    ("question", "levels"),
    [
        ({"kind": "level"}, {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}),
        ({"kind": "scale", "least": 1, "most": 10}, {1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 5, 10: 5}),
        ({"kind": "scale"}, {0: 1, 1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 6: 3, 7: 4, 8: 4, 9: 5, 10: 5}),
        (
            {
                "kind": "likert",
                "options": [{"value": v, "text": {"zh": v}, "score": s} for v, s in (("a", 100), ("b", 50), ("c", 0))],
            },
            {"a": 5, "b": 3, "c": 1},
        ),
        (
            {
                "kind": "likert",
                "score_range": [1, 5],
                "options": [
                    {"value": v, "text": {"zh": v}, **s}
                    for v, s in (("a", {"score": 5}), ("b", {"score": 2}), ("n", {}))
                ],
            },
            {"a": 5, "b": 2, "n": 0},
        ),
    ],
)
def test_how_an_overall_answer_becomes_one_to_five(question: dict[str, Any], levels: dict[Any, int]) -> None:
    one = from_body(
        {
            "key": "k",
            "title": {"zh": "题"},
            "overall": "q",
            "question": [{"key": "q", "text": {"zh": "总"}, **question}],
        }
    )
    assert {value: level(one, {"q": value}) for value in levels} == levels


@pytest.mark.parametrize(
    "body",
    [
        {"question": [ask("x")]},
        {"question": [OVERALL], "overall": "nowhere"},
        {"question": [ask("x")], "overall": "x"},  # no option has a score
        {"question": [OVERALL, OVERALL]},
        {"question": [{**OVERALL, "key": "csrf_token"}], "overall": "csrf_token"},
        {"question": [OVERALL, ask("x", group="g")]},
        {"question": [OVERALL, ask("x", group="g")], "group": [{"key": "g", "ask": 2}]},
        {"question": [OVERALL, ask("x", show_if="overall ==")]},
        {"question": [OVERALL, {**ask("x"), "options": ["a", "b"]}]},
        {"question": [OVERALL, ask("x", kind="nonsense")]},
        {"question": [OVERALL, {**ask("x"), "options": [{"value": "a", "text": {"zh": "a"}, "score": 101}] * 2}]},
        {"question": "x"},
        {"question": [OVERALL], "group": 5},
        {},
    ],
)
def test_what_is_no_question_set(body: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="questions"):
        from_body({"key": "k", "title": {"zh": "题"}, **body})


SCORED = [{"value": v, "text": {"zh": v}, "score": s} for v, s in (("a", 100), ("b", 50), ("c", 0))]
NONE = {"value": "n", "text": {"zh": "没有遇到"}}
FREQUENT = made(
    {"key": "f", "kind": "frequency", "text": {"zh": "f"}, "options": [*SCORED, NONE], "dimension": "d"},
    {"key": "g", "kind": "frequency", "text": {"zh": "g"}, "options": [*SCORED, NONE], "dimension": "d"},
    dimension={"d": {"zh": "医生"}},
    positive=["5", "4"],
)


@given(
    st.lists(st.fixed_dictionaries({}, optional={"f": st.sampled_from("abcn"), "g": st.sampled_from("abcn")})),
    st.integers(1, 9),
)
def test_answers_without_a_score_never_enter_a_denominator(forms: list[dict[str, str]], extra: int) -> None:
    before = dimension_scores(FREQUENT, forms)
    assert dimension_scores(FREQUENT, [*forms, *[{"f": "n", "g": "n"}] * extra, {}]) == before
    mean = before["d"].mean
    assert (mean is None) is (before["d"].n == 0)
    assert mean is None or 0 <= mean <= 100


def test_each_question_weighs_the_same_however_many_answered_it() -> None:
    forms = [{"f": "a"}] * 9 + [{"f": "a", "g": "c"}]
    assert dimension_scores(FREQUENT, forms)["d"].mean == 50
    assert question_score(FREQUENT.questions[1], forms).n == 10
    assert positive_share(FREQUENT, [{"overall": 5}, {"overall": 4}, {"overall": 3}, {}]).mean == pytest.approx(200 / 3)


def test_effort_is_counted_for_every_level() -> None:
    one = made(ask("low", show_if="overall <= 2"), ask("high", show_if="overall >= 4"))
    assert effort(one) == {5: 2, 4: 2, 3: 1, 2: 2, 1: 2}
