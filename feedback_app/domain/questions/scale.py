"""A whole number between two ends, 0 to 10 unless told."""

from collections.abc import Sequence
from typing import Any

from feedback_app.domain.questions._base import Operand, Question, QuestionType
from feedback_app.domain.questions._numbers import number
from feedback_app.errors import Refused

WIDEST = 100


def ends(question: Question) -> tuple[int, int]:
    """The lowest and the highest number offered."""
    return int(question.least or 0), int(10 if question.most is None else question.most)


class Scale(QuestionType):
    def check(self, question: Question) -> None:
        low, high = ends(question)
        whole = all(end is None or end == int(end) for end in (question.least, question.most))
        if not (whole and 1 <= high - low <= WIDEST):
            raise Refused("questions.bad_range", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> int | None:
        written = number(question, sent)
        if written is None:
            return None
        low, high = ends(question)
        if written != int(written) or not low <= written <= high:
            raise Refused("questions.out_of_range", key=question.key, least=low, most=high)
        return int(written)

    def score(self, question: Question, value: Any) -> float | None:
        low, high = ends(question)
        return None if question.unscored else (value - low) / (high - low) * 100

    def operand(self, question: Question, value: Any) -> Operand:
        return Operand(frozenset({str(value)}), float(value))

    def possible(self, question: Question) -> Sequence[int]:
        low, high = ends(question)
        return range(low, high + 1)

    def fresh(self) -> dict[str, Any]:
        return {"least": 0, "most": 10}


TYPE = Scale()
