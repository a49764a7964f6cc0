"""A number with its unit, inside a range where there is one."""

from collections.abc import Sequence
from typing import Any

from feedback_app.domain.questions._base import Operand, Question, QuestionType, words_of
from feedback_app.domain.questions._numbers import number
from feedback_app.errors import Refused


class Number(QuestionType):
    def check(self, question: Question) -> None:
        if question.least is not None and question.most is not None and question.least > question.most:
            raise Refused("questions.bad_range", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> float | int | None:
        written = number(question, sent)
        if written is None:
            return None
        least, most = question.least, question.most
        if (least is not None and written < least) or (most is not None and written > most):
            raise Refused("questions.out_of_range", key=question.key, least=_end(least), most=_end(most))
        return int(written) if written == int(written) else written

    def said(self, question: Question, value: Any, language: str) -> str:
        return f"{value:g} {words_of(question.unit, language)}".strip()

    def operand(self, question: Question, value: Any) -> Operand:
        return Operand(frozenset({f"{value:g}"}), float(value))


def _end(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"


TYPE = Number()
