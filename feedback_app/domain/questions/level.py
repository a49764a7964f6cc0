"""Five equal levels, very satisfied (5) to very dissatisfied (1): 国办发〔2019〕51号."""

from collections.abc import Sequence
from typing import Any

from feedback_app import texts
from feedback_app.domain.questions._base import Operand, Question, QuestionType
from feedback_app.errors import Refused

LEVELS = ("5", "4", "3", "2", "1")


class Level(QuestionType):
    def check(self, question: Question) -> None:
        if tuple(option.value for option in question.options) not in {LEVELS, ()}:
            raise Refused("questions.not_five_levels", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> int | None:
        chosen = [value for value in sent if value.strip()]
        if not chosen:
            return None
        if len(set(chosen)) > 1 or chosen[0] not in LEVELS:
            raise Refused("questions.unknown_option", key=question.key)
        return int(chosen[0])

    def score(self, question: Question, value: Any) -> float | None:
        return None if question.unscored else (int(value) - 1) * 25.0

    def said(self, question: Question, value: Any, language: str) -> str:
        return texts.text(f"patient.level.{value}", language)

    def operand(self, question: Question, value: Any) -> Operand:
        names = {texts.text(f"patient.level.{value}", language) for language in texts.languages()}
        return Operand(frozenset({str(value), *names}), float(value))

    def possible(self, question: Question) -> Sequence[int]:
        return [int(level) for level in LEVELS]


TYPE = Level()
