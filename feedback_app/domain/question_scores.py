"""What many forms of one question set say together. Pure.

An answer without a score ("does not apply", "don't know", no answer) is in no denominator of a score. Each question weighs
the same inside its dimension, however many answered it, so that sampling and skipping shift nothing (R6: 0–100).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedback_app.domain.questionnaires import Questionnaire, type_of
from feedback_app.domain.questions._base import Question

Values = Mapping[str, Any]
"""The answers of one form, question key -> value."""


@dataclass(frozen=True)
class Score:
    """``mean`` 0..100, None without a scored answer; ``n`` forms with a scored answer."""

    mean: float | None
    n: int


def question_score(question: Question, forms: Sequence[Values]) -> Score:
    """One question over many forms."""
    kind = type_of(question)
    scores = [kind.score(question, form[question.key]) for form in forms if question.key in form]
    counted = [score for score in scores if score is not None]
    return Score(sum(counted) / len(counted) if counted else None, len(counted))


def dimension_scores(made: Questionnaire, forms: Sequence[Values]) -> dict[str, Score]:
    """Dimension key -> its score, in the order of the questions; questions without a dimension are left out."""
    members: dict[str, list[Question]] = {}
    for one in made.questions:
        if one.dimension:
            members.setdefault(one.dimension, []).append(one)
    return {key: _together(listed, forms) for key, listed in members.items()}


def _together(listed: Sequence[Question], forms: Sequence[Values]) -> Score:
    means = [mean for one in listed if (mean := question_score(one, forms).mean) is not None]
    n = sum(any(_scored(one, form) for one in listed) for form in forms)
    return Score(sum(means) / len(means) if means else None, n)


def _scored(question: Question, form: Values) -> bool:
    return question.key in form and type_of(question).score(question, form[question.key]) is not None


def positive_share(made: Questionnaire, forms: Sequence[Values]) -> Score:
    """Percent of answers to the overall question that are among ``made.positive``; every answer counts below the line,
    "don't know" too, as the Friends and Family Test does it. ``mean`` is the percentage."""
    said = [str(form[made.overall]) for form in forms if made.overall in form]
    share = 100 * sum(value in made.positive for value in said) / len(said) if said and made.positive else None
    return Score(share, len(said))
