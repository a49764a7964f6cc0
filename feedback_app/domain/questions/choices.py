"""Any number of the offered options; one of them may be "other", with a few words."""

from collections.abc import Sequence
from typing import Any

from feedback_app.domain.questions._base import Form, Operand, Question, QuestionType, words_of
from feedback_app.domain.questions._options import OneOption, check_options, option, with_other
from feedback_app.errors import Refused


class Choices(QuestionType):
    def check(self, question: Question) -> None:
        check_options(question, question.options)

    def read(self, question: Question, sent: Sequence[str]) -> list[str] | None:
        offered = [one.value for one in question.options]
        chosen = {value for value in sent if value}
        if not chosen.issubset(offered):
            raise Refused("questions.unknown_option", key=question.key)
        return [value for value in offered if value in chosen] or None

    def read_form(self, question: Question, form: Form) -> dict[str, Any]:
        read = super().read_form(question, form)
        return {**read, **with_other(question, form, read.get(question.key, ()))}

    def said(self, question: Question, value: Any, language: str) -> str:
        return "、".join(words_of(one.text, language) for one in question.options if one.value in value)

    def operand(self, question: Question, value: Any) -> Operand:
        chosen = [found for one in value if (found := option(question, one))]
        return Operand(frozenset(word for one in chosen for word in (one.value, *one.text.values())))

    def possible(self, question: Question) -> Sequence[Any] | None:
        return [[one.value] for one in question.options]  # what a condition can tell apart, one at a time

    def fresh(self) -> dict[str, Any]:
        return OneOption.fresh(TYPE)  # type: ignore[arg-type]


TYPE = Choices()
