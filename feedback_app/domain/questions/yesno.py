"""Yes or no; scored when its options say so."""

from collections.abc import Sequence
from typing import Any

from feedback_app import texts
from feedback_app.domain.questions._base import Operand, Question
from feedback_app.domain.questions._options import OneOption, check_options
from feedback_app.errors import Refused

VALUES = ("yes", "no")


class YesNo(OneOption):
    def check(self, question: Question) -> None:
        if question.options and tuple(option.value for option in question.options) != VALUES:
            raise Refused("questions.not_yes_no", key=question.key)
        if question.options:
            check_options(question, question.options)

    def read(self, question: Question, sent: Sequence[str]) -> str | None:
        chosen = {value for value in sent if value}
        if len(chosen) > 1 or not chosen.issubset(VALUES):
            raise Refused("questions.unknown_option", key=question.key)
        return next(iter(chosen), None)

    def said(self, question: Question, value: Any, language: str) -> str:
        return (
            super().said(question, value, language) if question.options else texts.text(f"questions.{value}", language)
        )

    def operand(self, question: Question, value: Any) -> Operand:
        found = super().operand(question, value)
        own = {texts.text(f"questions.{value}", language) for language in texts.languages()}
        return Operand(found.words | own, found.number)

    def possible(self, question: Question) -> Sequence[Any]:
        return VALUES

    def fresh(self) -> dict[str, Any]:
        return {}


TYPE = YesNo()
