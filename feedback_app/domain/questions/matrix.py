"""The same options for several things, one row each."""

from collections.abc import Mapping, Sequence
from typing import Any

from feedback_app.domain.questions._base import Form, Operand, Question, QuestionType, scaled, words_of
from feedback_app.domain.questions._options import check_options, one_of
from feedback_app.errors import Refused


def field_name(question: Question, row: str) -> str:
    return f"{question.key}.{row}"


class Matrix(QuestionType):
    """Stored as row value -> option value, rows without an answer left out."""

    def check(self, question: Question) -> None:
        check_options(question, question.options, least=2)
        rows = [row.value for row in question.rows]
        if not rows or len(set(rows)) != len(rows) or not all(rows):
            raise Refused("questions.bad_rows", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> Any:
        return None  # every row has a field of its own

    def read_form(self, question: Question, form: Form) -> dict[str, Any]:
        read = {
            row.value: one_of(question, question.options, form.get(field_name(question, row.value), ()))
            for row in question.rows
        }
        answered = {row: value for row, value in read.items() if value is not None}
        return {question.key: answered} if answered else {}

    def score(self, question: Question, value: Mapping[str, str]) -> float | None:
        """The mean over the rows that were answered with a scored option."""
        scores = [one.score for one in question.options for chosen in value.values() if one.value == chosen]
        counted = [scaled(question, score) for score in scores if score is not None]
        return None if question.unscored or not counted else sum(counted) / len(counted)

    def said(self, question: Question, value: Mapping[str, str], language: str) -> str:
        names = {one.value: words_of(one.text, language) for one in question.options}
        return "；".join(
            f"{words_of(row.text, language)}：{names.get(value[row.value], value[row.value])}"
            for row in question.rows
            if row.value in value
        )

    def operand(self, question: Question, value: Mapping[str, str]) -> Operand:
        return Operand(frozenset(value.values()))

    def fresh(self) -> dict[str, Any]:
        return {
            "options": [{"value": "o1", "text": {}}, {"value": "o2", "text": {}}],
            "rows": [{"value": "r1", "text": {}}, {"value": "r2", "text": {}}],
        }


TYPE = Matrix()
