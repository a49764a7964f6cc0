"""Every question type keeps one contract, whichever file it stands in."""

import json
from typing import Any

import pytest
from flask import Flask, render_template
from hypothesis import given
from hypothesis import strategies as st

from feedback_app import texts
from feedback_app.domain.questionnaire_bodies import question_body, question_of
from feedback_app.domain.questionnaires import type_of, types
from feedback_app.domain.questions._base import Question
from feedback_app.errors import Refused
from feedback_app.web.console_words import known_word
from feedback_app.web.patient import Draft

KINDS = sorted(types())
ANSWERS: dict[str, dict[str, list[str]]] = {
    "level": {"q": ["4"]},
    "likert": {"q": ["o1"]},
    "single": {"q": ["o2"]},
    "frequency": {"q": ["none"]},
    "choices": {"q": ["o2", "o1"]},
    "yesno": {"q": ["no"]},
    "scale": {"q": ["7"]},
    "number": {"q": ["３０ 分钟"]},
    "date": {"q": ["2026年11月20日"]},
    "text": {"q": ["第一行\r\n第二行"]},
    "short_text": {"q": [" 内科 \n 三楼 "]},
    "matrix": {"q.r1": ["o2"], "q.r2": ["o1"]},
    "consent": {"q": ["yes"]},
    "picture": {"q": ["0123456789ABCDEFGHJK"]},
    "section": {},
}
NONSENSE = [
    "",
    " ",
    "0",
    "-1",
    "11",
    "1e9",
    "nan",
    "o9",
    "<b>",
    "\x00",
    "４",
    "是",
    "9" * 400,
    "长" * 100_000,
    "none",
    "yes",
]


def example(kind: str) -> Question:
    """A question of this kind as an administrator would begin it, with words."""
    body: dict[str, Any] = {"key": "q", "kind": kind, "text": {"zh": "题目", "en": "Question"}, **types()[kind].fresh()}
    for part in ("options", "rows"):
        for one in body.get(part, ()):
            one["text"] = one["text"] or {"zh": f"选项{one['value']}", "en": f"Option {one['value']}"}
    if kind == "number":
        body |= {"unit": {"zh": "分钟", "en": "minutes"}, "least": 0, "most": 600}
    return question_of(body)


@pytest.mark.parametrize("kind", KINDS)
class TestEveryType:
    def test_it_has_an_example_answer_here(self, kind: str) -> None:
        assert kind in ANSWERS

    def test_a_new_question_of_it_can_be_asked(self, kind: str) -> None:
        one = example(kind)
        type_of(one).check(one)
        assert question_of(json.loads(json.dumps(question_body(one)))) == one

    def test_its_answer_can_be_stored_said_scored_and_compared(self, kind: str) -> None:
        one = example(kind)
        stored = type_of(one).read_form(one, ANSWERS[kind])
        assert json.loads(json.dumps(stored)) == stored
        assert ("q" in stored) is type_of(one).asks
        for value in stored.values():
            score = type_of(one).score(one, value)
            assert score is None or 0 <= score <= 100
            assert all(type_of(one).said(one, value, language).strip() for language in ("zh", "en"))
            assert type_of(one).operand(one, value).words

    def test_no_answer_is_no_answer(self, kind: str) -> None:
        one = example(kind)
        empty: list[dict[str, list[str]]] = [{}, {"q": []}, {"q": [""]}, {"other": ["x"]}]
        for form in empty:
            assert type_of(one).read_form(one, form) == {}

    @pytest.mark.parametrize("sent", NONSENSE, ids=range(len(NONSENSE)))
    def test_nonsense_is_refused_or_read_as_an_answer_that_exists(self, kind: str, sent: str) -> None:
        one = example(kind)
        try:
            stored = type_of(one).read_form(one, {"q": [sent], "q.r1": [sent], "q.other": [sent]})
        except Refused as refused:
            assert refused.code.replace(".", ".errors.", 1) in texts.catalogue("zh")
            return
        possible = type_of(one).possible(one)
        if "q" in stored and possible is not None:
            assert stored["q"] in possible
        assert len(json.dumps(stored)) < 10_000

    def test_every_possible_answer_is_accepted_when_sent(self, kind: str) -> None:
        one = example(kind)
        for value in type_of(one).possible(one) or ():
            sent = value if isinstance(value, list) else ["yes" if value is True else str(value)]
            assert type_of(one).read_form(one, {"q": sent}) == {"q": value}

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_its_template_asks_in_both_languages_without_script_or_inline_style(
        self, kind: str, language: str, app: Flask
    ) -> None:
        with app.test_request_context(f"/?lang={language}"):
            page = render_template(f"questions/{kind}.html", question=example(kind), draft=Draft("key"))
            assert known_word("questionnaire.kinds.", kind) != kind
        assert ("题目" if language == "zh" else "Question") in page
        assert "required" not in page and "style=" not in page and "<script" not in page
        assert ('name="q' in page) is types()[kind].asks

    def test_what_was_sent_is_shown_again(self, kind: str, app: Flask) -> None:
        if kind in {"section", "picture"}:
            return
        with app.test_request_context("/"):
            page = render_template(f"questions/{kind}.html", question=example(kind), draft=Draft("key", ANSWERS[kind]))
        shown = [value in page for values in ANSWERS[kind].values() for value in values]
        assert shown and all(shown) and ("checked" in page or kind in {"number", "date", "text", "short_text"})


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(["q", "q.r1", "q.other"]), st.lists(st.text())))
def test_nothing_sent_ever_raises_anything_else(kind: str, form: dict[str, list[str]]) -> None:
    one = example(kind)
    try:
        json.dumps(type_of(one).read_form(one, form))
    except Refused as refused:
        assert refused.params.get("key") == "q"
