"""What of a rating's answers stays when its words are erased: figures and chosen options, nothing anybody wrote."""

from collections.abc import Mapping
from typing import Any

from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions._base import Question


def without_words(asked: Questionnaire | None, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, yes and no, and values of options that the question has. Without the questions, numbers alone."""
    kept: dict[str, Any] = {}
    for key, value in answers.items():
        question = asked.question(key) if asked else None
        if isinstance(value, bool | int | float) or (question is not None and _is_chosen(question, value)):
            kept[key] = value
    return kept


def _is_chosen(question: Question, value: Any) -> bool:
    known = [one.value for one in question.options]
    if isinstance(value, Mapping):
        rows = [row.value for row in question.rows]
        return all(row in rows and chosen in known for row, chosen in value.items())
    if isinstance(value, list):
        return bool(value) and all(chosen in known for chosen in value)
    return value in known
